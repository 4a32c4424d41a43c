import type { Words } from './words.ts'

/** The words as a mail without markup. */
export function textOf({ greeting, paragraphs, action, closing }: Words): string {
  const link = action === null ? [] : [`${action.label}: ${action.link}`]
  return `${[greeting, ...paragraphs, ...link, closing].join('\n\n')}\n`
}

/**
 * The words as a mail of HTML, everything escaped. Nothing is fetched, and styles stand with their elements: a mail
 * program drops the rest. Text has the reader's own colours, so that it can be read in the dark too.
 */
export function htmlOf({ subject, greeting, paragraphs, action, closing }: Words): string {
  const body = [greeting, ...paragraphs].map(paragraphOf)
  const button = action === null ? [] : [buttonOf(action)]
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(subject)}</title>`,
    '</head>',
    '<body style="margin:0;padding:24px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">',
    '<div style="max-width:560px;margin:0 auto">',
    ...body,
    ...button,
    paragraphOf(closing),
    '</div>',
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function paragraphOf(text: string): string {
  return `<p style="margin:0 0 16px">${escaped(text).replaceAll('\n', '<br>')}</p>`
}

/** White on this blue: 6.7 to 1. */
const button =
  'display:inline-block;padding:12px 24px;border-radius:6px;background:#1d4ed8;color:#ffffff;font-weight:600;text-decoration:none'

/** The address stands below for whoever cannot follow the link. */
function buttonOf({ label, link }: NonNullable<Words['action']>): string {
  return [
    `<p style="margin:24px 0 8px"><a href="${escaped(link)}" style="${button}">${escaped(label)}</a></p>`,
    `<p style="margin:0 0 24px;font-size:14px;overflow-wrap:anywhere">Or open this address: ${escaped(link)}</p>`,
  ].join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
