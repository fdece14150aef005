export { TooltipProvider, TooltipRoot as Tooltip, TooltipTrigger } from 'reka-ui'
export { default as TooltipContent } from './TooltipContent.vue'
