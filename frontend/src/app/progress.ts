import { ref } from 'vue'

/** Whether a page is on its way that takes longer than one notices. */
export const progressing = ref(false)

let timer: ReturnType<typeof setTimeout> | undefined

export function startProgress(): void {
  clearTimeout(timer)
  timer = setTimeout(() => (progressing.value = true), 150)
}

export function stopProgress(): void {
  clearTimeout(timer)
  progressing.value = false
}
