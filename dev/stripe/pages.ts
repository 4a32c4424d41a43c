import { authenticationPage } from './authentication-page.ts'
import { checkoutPage } from './checkout-page.ts'
import type { Page, PageRequest } from './page.ts'
import { checkVatNumber } from './vies.ts'

/** What is served to those who have no secret key: customers, and the world at large. */
const pages: Readonly<Record<string, (request: PageRequest) => Page>> = {
  '/_authenticate/': authenticationPage,
  '/_checkout/': checkoutPage,
  '/taxation_customs/vies/rest-api/': checkVatNumber,
}

export function pageAt(request: PageRequest): Page | undefined {
  const prefix = Object.keys(pages).find((start) => request.url.pathname.startsWith(start))
  return prefix === undefined ? undefined : pages[prefix]?.(request)
}
