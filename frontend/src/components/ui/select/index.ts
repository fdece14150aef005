export { default as Select } from './Select.vue'

export interface SelectOption<T extends string> {
  value: T
  label: string
  description?: string
  disabled?: boolean
}
