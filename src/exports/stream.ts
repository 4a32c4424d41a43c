import { invariant } from '../kernel/invariant.ts'
import { logError } from '../platform/log.ts'

/**
 * Page after page by ascending id; the end is the page that is empty. A row made meanwhile is in it or not; every other is
 * in it once.
 */
export async function* pagesOf<R extends { readonly id: string }>(
  read: (after: R['id'] | null) => Promise<readonly R[]>,
): AsyncGenerator<readonly R[], undefined> {
  let after: R['id'] | null = null
  for (;;) {
    const rows: readonly R[] = await read(after)
    const last = rows.at(-1)
    if (last === undefined) return
    invariant(after === null || last.id > after, `a page after ${after} must not end with ${last.id}`)
    after = last.id
    yield rows
  }
}

/** How rows become text. */
export type Format<R> = { readonly head: string; readonly write: (row: R) => string }

/**
 * The text of all pages, each read when the one before has been taken. The first is read before this answers, so that a
 * database that is down is a refusal and not a broken file. A failure later breaks the stream off: what came of it can
 * never be taken for the whole.
 */
export async function streamOf<R>(
  pages: AsyncGenerator<readonly R[], undefined>,
  format: Format<R>,
  context: { readonly request_id: string },
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder()
  const texts = textsOf(await pages.next(), pages, format)
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await texts.next()
          if (done) controller.close()
          else controller.enqueue(encoder.encode(value))
        } catch (error) {
          logError('export_broken', error, context)
          controller.error(new Error(`the export ${context.request_id} broke off`))
        }
      },
    },
    { highWaterMark: 0 },
  )
}

/** Never empty ones: a stream waits for more. */
async function* textsOf<R>(
  first: IteratorResult<readonly R[], undefined>,
  rest: AsyncGenerator<readonly R[], undefined>,
  { head, write }: Format<R>,
): AsyncGenerator<string, undefined> {
  let text = head
  for (let page = first; !page.done; page = await rest.next()) {
    text += page.value.map(write).join('')
    if (text !== '') yield text
    text = ''
  }
  if (text !== '') yield text
}
