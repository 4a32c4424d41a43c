/** All colours of the pages, as #rrggbb, so that a test can compute how well they can be read. */
type Palette = Readonly<
  Record<
    | ('canvas' | 'surface' | 'ink' | 'quiet' | 'edge' | 'border' | 'accent' | 'accentStrong' | 'onAccent')
    | ('goodInk' | 'goodSurface' | 'badInk' | 'badSurface' | 'noteInk' | 'noteSurface'),
    string
  >
>

/** edge: of what can be clicked · border: between what cannot. */
export const palettes = {
  light: {
    canvas: '#f5f6f8',
    surface: '#ffffff',
    ink: '#15181e',
    quiet: '#545c6b',
    edge: '#7d8697',
    border: '#e1e4ea',
    accent: '#1f4fd1',
    accentStrong: '#163ca5',
    onAccent: '#ffffff',
    goodInk: '#12512b',
    goodSurface: '#e6f4ea',
    badInk: '#8c1d1d',
    badSurface: '#fdecec',
    noteInk: '#1d3b86',
    noteSurface: '#e9f0fe',
  },
  dark: {
    canvas: '#0f1115',
    surface: '#191c22',
    ink: '#edeff3',
    quiet: '#a9b1c0',
    edge: '#788294',
    border: '#2d323c',
    accent: '#8fb3ff',
    accentStrong: '#b5ceff',
    onAccent: '#0c1c3d',
    goodInk: '#a9e4bf',
    goodSurface: '#12301f',
    badInk: '#ffbcb6',
    badSurface: '#3b1719',
    noteInk: '#bcd2ff',
    noteSurface: '#15264a',
  },
} as const satisfies Record<'light' | 'dark', Palette>
