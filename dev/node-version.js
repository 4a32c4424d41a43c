// JavaScript, because it has to run where TypeScript does not: node --import ./dev/node-version.js dev/check.ts
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

// 22.18 is the first to run .ts files without a flag.
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`Perennial needs Node 22.18 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}
