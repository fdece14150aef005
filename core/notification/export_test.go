package notification

// What is tested by itself.
var (
	Shown    = shown
	Device   = device
	MaxWords = maxSubject
)
