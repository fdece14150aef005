export { default as Kbd } from './Kbd.vue'
