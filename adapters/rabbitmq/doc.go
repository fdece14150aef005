// Package rabbitmq carries jobs through a RabbitMQ broker, 3.10 or newer, that
// may go down and come back at any time.
//
// There is one connection to publish and one for each Consume, so that a broker
// that takes nothing more still hears what was handled. Whatever ends one of
// them, the next begins from nothing: it declares what it needs, which is no
// change where all is there, and has new channels. The client library could
// recover connections by itself, but then it also hands out messages of the old
// channel, and acknowledging one of those on the new channel acknowledges
// another.
//
// A message names a job; whoever handles it reads the job where it is stored.
// One that fails goes back and comes again after a pause. The broker counts how
// often that was, and moves what comes too often to the dead queue, as it does
// for one that kills its worker each time. What is there is rejected.
package rabbitmq
