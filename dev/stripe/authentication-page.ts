import { authenticate } from './authentication.ts'
import type { PaymentIntent, SetupIntent } from './objects.ts'
import { html, type Page, type PageRequest, seeOther } from './page.ts'
import type { World } from './world.ts'

/** Stands for the bank's own page: the customer says yes or no and is sent back to return_url, as Stripe does. */
export function authenticationPage({ worlds, method, url, body }: PageRequest): Page {
  const secret = url.pathname.slice('/_authenticate/'.length)
  const found = findIntent(worlds, secret)
  const returnUrl = url.searchParams.get('return_url') ?? ''
  if (!found || !URL.canParse(returnUrl)) return html(404, '<h1>There is nothing to authenticate here.</h1>')
  if (method !== 'POST') return html(200, question)
  const { world, intent } = found
  authenticate(world, intent.id, new URLSearchParams(body).get('answer') === 'yes')
  const back = new URL(returnUrl)
  const noun = intent.object
  back.searchParams.set(noun, intent.id)
  back.searchParams.set(`${noun}_client_secret`, secret)
  back.searchParams.set('redirect_status', intent.status === 'succeeded' ? 'succeeded' : 'failed')
  return seeOther(back.href)
}

const question = `<h1>Test bank</h1>
<p>The Stripe emulator asks in the bank's place: may this payment go ahead?</p>
<form method="post">
<button name="answer" value="yes">Complete authentication</button>
<button name="answer" value="no">Fail authentication</button>
</form>`

function findIntent(
  worlds: ReadonlyMap<string, World>,
  secret: string,
): { world: World; intent: PaymentIntent | SetupIntent } | undefined {
  const id = secret.split('_secret_')[0] ?? ''
  for (const world of worlds.values()) {
    const intent = world.state.paymentIntents.get(id) ?? world.state.setupIntents.get(id)
    if (intent?.client_secret === secret) return { world, intent }
  }
  return undefined
}
