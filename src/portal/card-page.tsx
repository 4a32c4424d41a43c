import type { CardState } from './domain/page-state.ts'
import { cardNotice, cardWords, methodInWords, type ShownMethod } from './domain/words.ts'
import { layout } from './layout.tsx'

export type CardPage = {
  readonly seller: string
  /** This page's path. */
  readonly url: string
  readonly state: CardState
  /** The default, which is charged; null: there is none. */
  readonly method: ShownMethod | null
}

/** Its form sends nothing but the wish to the page's own path: cards are entered at the gateway. */
export function cardPage({ seller, url, state, method }: CardPage): string {
  return layout({
    title: cardWords.title(seller),
    seller,
    notice: cardNotice(state),
    children: (
      <>
        <h1>{cardWords.heading}</h1>
        <p class="quiet">{method === null ? cardWords.none(seller) : cardWords.use(seller)}</p>
        {method !== null && <p class="method">{methodInWords(method)}</p>}
        <form class="action" method="post" action={url}>
          <button type="submit">{method === null ? cardWords.add : cardWords.update}</button>
          <p class="below quiet">{cardWords.next}</p>
        </form>
      </>
    ),
  })
}
