import { type Problem, reference } from './domain/words.ts'
import { layout } from './layout.tsx'

/** `requestId`: what the seller can ask about; null where that would say nothing. */
export function problemPage({ title, words }: Problem, requestId: string | null = null): string {
  return layout({
    title,
    seller: null,
    children: (
      <>
        <h1>{title}</h1>
        <p>{words}</p>
        {requestId !== null && <p class="quiet">{reference(requestId)}</p>}
      </>
    ),
  })
}
