import { useColorMode } from '@vueuse/core'

/** Light, dark, or as the system has it; public/theme.js applies the same before the first paint. */
export function useTheme() {
  const { store, system, state } = useColorMode<'light' | 'dark'>({ storageKey: 'theme', emitAuto: false })
  return { store, system, state }
}
