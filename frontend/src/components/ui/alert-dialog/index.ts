export { AlertDialogAction, AlertDialogCancel, AlertDialogRoot as AlertDialog, AlertDialogTrigger } from 'reka-ui'
export { default as AlertDialogContent } from './AlertDialogContent.vue'
export { default as AlertDialogDescription } from './AlertDialogDescription.vue'
export { default as AlertDialogTitle } from './AlertDialogTitle.vue'
