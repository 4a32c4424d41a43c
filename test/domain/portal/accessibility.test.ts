import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { pageHeaders } from '../../../src/portal/page-headers.ts'
import { palettes } from '../../../src/portal/palette.ts'
import { elements, everyPage, textOf } from './pages.ts'

describe.each(everyPage)('%s', (_, html) => {
  test('is a document with a language, a title and one first heading', () => {
    expect(html).toMatch(/^<!doctype html><html lang="en">/)
    expect(elements(html, 'title')).toHaveLength(1)
    expect(elements(html, 'h1')).toHaveLength(1)
    expect(elements(html, 'main')).toHaveLength(1)
    expect(textOf(elements(html, 'h1').join())).not.toBe('')
  })

  test('may be zoomed', () => {
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1"/>')
  })

  test('names each of its fields, links and buttons', () => {
    const labels = elements(html, 'label')
    expect(elements(html, 'input')).toEqual(labels.flatMap((label) => elements(label, 'input')))
    for (const named of [...labels, ...elements(html, 'a'), ...elements(html, 'button')]) {
      expect(textOf(named)).toMatch(/\w{3}/)
    }
  })

  test('groups what is one choice, and says which', () => {
    const sets = elements(html, 'fieldset')
    expect(sets.flatMap((set) => elements(set, 'input'))).toEqual(elements(html, 'input'))
    for (const set of sets) expect(set).toMatch(/^<fieldset><legend>[^<]+<\/legend>/)
  })

  test('has headers in its table, and a caption', () => {
    for (const header of elements(html, 'th')) expect(header).toMatch(/^<th scope="(row|col)">/)
    expect(elements(html, 'caption')).toHaveLength(elements(html, 'table').length)
  })

  test('loads nothing and runs nothing', () => {
    expect(html).not.toMatch(/<(script|img|link|iframe|object|embed)\b|\ssrc=|\son\w+=|\sstyle=|url\(|@import|https?:/)
  })

  test('has the style that its headers allow', () => {
    const [style = ''] = elements(html, 'style')
    const text = style.replace(/^<style>|<\/style>$/g, '')
    const hash = createHash('sha256').update(text).digest('base64')
    expect(pageHeaders('')['Content-Security-Policy']).toContain(`style-src 'sha256-${hash}'`)
  })
})

describe('headers', () => {
  test('keep the page and its address to the one who reads', () => {
    expect(pageHeaders('')).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'X-Robots-Tag': 'noindex',
    })
  })

  test('forbid all but the style and forms to us, the gateway and banks', () => {
    const policy = pageHeaders('')['Content-Security-Policy']?.replace(/'sha256-[^']*'/, 'HASH')
    expect(policy).toBe(
      "default-src 'none'; style-src HASH; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'",
    )
  })

  test('let forms go on to a gateway that speaks plain http', () => {
    const policy = pageHeaders('http://127.0.0.1:8790/v1/')['Content-Security-Policy']
    expect(policy).toContain("form-action 'self' https: http://127.0.0.1:8790;")
  })
})

type Colour = keyof typeof palettes.light

/** What is written on what, and what must be seen on what. */
const written: readonly (readonly [Colour, on: Colour])[] = [
  ...(['ink', 'quiet', 'accent', 'accentStrong'] as const).map((colour) => [colour, 'surface'] as const),
  ...(['ink', 'quiet'] as const).map((colour) => [colour, 'canvas'] as const),
  ...(['accent', 'accentStrong'] as const).map((colour) => ['onAccent', colour] as const),
  ...(['good', 'bad', 'note'] as const).map((tone) => [`${tone}Ink`, `${tone}Surface`] as const),
]
const seen: readonly (readonly [Colour, on: Colour])[] = [
  ['edge', 'surface'],
  ['accent', 'surface'],
]

/** WCAG 2.2: contrast of text at least 4.5 (1.4.3), of what one operates at least 3 (1.4.11). */
describe.each(Object.entries(palettes))('in %s colours', (_, palette) => {
  test.each(written)('%s on %s can be read', (colour, on) => {
    expect(contrast(palette[colour], palette[on])).toBeGreaterThanOrEqual(4.5)
  })

  test.each(seen)('%s on %s can be seen', (colour, on) => {
    expect(contrast(palette[colour], palette[on])).toBeGreaterThanOrEqual(3)
  })
})

test('the contrast of black on white is 21, and of a colour on itself 1', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
  expect(contrast('#123456', '#123456')).toBe(1)
})

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((from) => {
    const share = Number.parseInt(colour.slice(from, from + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
