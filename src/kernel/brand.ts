declare const brand: unique symbol

/** A type the compiler keeps apart from its plain `T` and from every other name; nothing exists of it at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
