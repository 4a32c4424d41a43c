import { expect, test } from 'vitest'
import { htmlOf, textOf } from '../../../src/notifications/domain/letter.ts'
import { noticeKinds } from '../../../src/notifications/domain/notice.ts'
import type { Words } from '../../../src/notifications/domain/words.ts'
import { about, told } from './given.ts'

const words: Words = {
  ...{ subject: 'Please pay', greeting: 'Hello Jane,', paragraphs: ['One.', 'Two.'] },
  ...{ action: { label: 'Pay now', link: 'https://pay.example/pay/a' }, closing: 'Kind regards,\nAcme' },
}

test('the text has the address behind what it is for', () => {
  expect(textOf(words)).toBe(
    'Hello Jane,\n\nOne.\n\nTwo.\n\nPay now: https://pay.example/pay/a\n\nKind regards,\nAcme\n',
  )
  expect(textOf({ ...words, action: null })).toBe('Hello Jane,\n\nOne.\n\nTwo.\n\nKind regards,\nAcme\n')
})

test('the HTML is a whole document with one link, which says where it leads', () => {
  const html = htmlOf(words)
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
  expect(html).toContain('<title>Please pay</title>')
  expect(html.match(/<a href="https:\/\/pay\.example\/pay\/a"[^>]*>Pay now<\/a>/g)).toHaveLength(1)
  expect(html).toContain('Or open this address: https://pay.example/pay/a')
  expect(html).toContain('Kind regards,<br>Acme')
  expect(htmlOf({ ...words, action: null })).not.toContain('<a ')
})

const nasty = `<script>alert("1")</script> & 'Söhne'`
const harmless = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;Söhne&#39;'

test.each<[string, Partial<Words>]>([
  ['the subject', { subject: nasty }],
  ['the greeting', { greeting: nasty }],
  ['a paragraph', { paragraphs: [nasty] }],
  ['the label', { action: { label: nasty, link: 'https://pay.example/' } }],
  ['the link', { action: { label: 'Pay now', link: `https://pay.example/${nasty}` } }],
  ['the closing', { closing: nasty }],
])('%s is escaped', (_, part) => {
  const html = htmlOf({ ...words, ...part })
  expect(html).toContain(harmless)
  expect(html).not.toContain('<script')
  expect(textOf({ ...words, paragraphs: [nasty] })).toContain(nasty)
})

test.each(noticeKinds)('the HTML of %s says what its text says, closes what it opens, and fetches nothing', (kind) => {
  const mail = told(kind)
  const html = htmlOf(mail)
  for (const paragraph of mail.paragraphs) expect(html).toContain(`>${paragraph}</p>`)
  const opened = [...html.matchAll(/<(html|head|title|body|div|p|a)\b/g)].map(([, name]) => name).sort()
  const closed = [...html.matchAll(/<\/(html|head|title|body|div|p|a)>/g)].map(([, name]) => name).sort()
  expect(closed).toEqual(opened)
  expect(html).not.toMatch(/src=|url\(|<link|<script|<style|<img/)
  expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(mail.action ? [about.link] : [])
})
