/** What a live stream looks at. */
export type Watched = {
  /** Rises with whatever is used. */
  readonly marker: () => Promise<number>
  readonly read: () => Promise<unknown>
  readonly wait: (ms: number) => Promise<void>
}

/** How often the marker is looked at: what is used shows a second later. */
const LOOK_MS = 1_000
/** Proxies close what is silent for long. */
const HEARTBEAT_EVERY = 15
/** It is read again now and then, because time passes too: a period ends, a level is held. */
const READ_EVERY = 60
/** A stream ends then, and its client comes back: no connection lives for ever. */
const LOOKS = 15 * 60
const RETRY_MS = 2_000

/** Server-sent events (WHATWG HTML, 9.2): one at once, one whenever something was used, comments in between. */
export async function* liveEvents({ marker, read, wait }: Watched): AsyncGenerator<string, undefined> {
  // Before the first is read: what is used meanwhile shows in the next.
  let seen = await marker()
  yield `retry: ${RETRY_MS}\n${eventOf(await read())}`
  for (let look = 1; look <= LOOKS; look++) {
    await wait(LOOK_MS)
    const present = await marker()
    if (present !== seen || look % READ_EVERY === 0) yield eventOf(await read())
    else if (look % HEARTBEAT_EVERY === 0) yield ': nothing new\n\n'
    seen = present
  }
}

/** JSON has no line breaks of its own: it is one line of data. */
function eventOf(value: unknown): string {
  return `event: usage\ndata: ${JSON.stringify(value)}\n\n`
}

/**
 * The first is made before this answers, so that what is refused is a refusal and not a broken stream. A failure later ends
 * the stream: its client asks again.
 */
export async function streamOfEvents(
  events: AsyncGenerator<string, undefined>,
  onError: (error: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder()
  let first: IteratorResult<string, undefined> | null = await events.next()
  let isOpen = true
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = first ?? (await events.next())
          first = null
          if (!isOpen) return
          if (done) controller.close()
          else controller.enqueue(encoder.encode(value))
        } catch (error) {
          onError(error)
          if (isOpen) controller.close()
        }
      },
      cancel: async () => {
        isOpen = false
        await events.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
