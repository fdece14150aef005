package imaging

import (
	"bytes"
	"encoding/binary"
	"image"
)

// The EXIF orientations (EXIF 2.32, section 4.6.4): how the camera was held.
const (
	orientationUpright    = 1
	orientationTransposed = 5 // from here on, width and height are swapped
	orientationLast       = 8
)

// orientation returns the EXIF orientation of a JPEG, and upright for
// everything else. Only this one number is read, within the bounds of the
// first EXIF segment: a library would parse all of what strangers made up.
func orientation(upload []byte) int {
	const (
		markerLength = 2
		fill         = 0xff
		app1         = 0xe1
	)
	if !bytes.HasPrefix(upload, []byte{0xff, 0xd8}) {
		return orientationUpright
	}
	for rest := upload[markerLength:]; len(rest) >= 4 && rest[0] == 0xff; {
		if bytes.HasPrefix(rest, []byte(startOfScan)) {
			break
		}
		if rest[1] == fill {
			rest = rest[1:]
			continue
		}
		end := markerLength + int(binary.BigEndian.Uint16(rest[markerLength:]))
		if end < 4 || end > len(rest) {
			break
		}
		if tiff, ok := bytes.CutPrefix(rest[4:end], []byte("Exif\x00\x00")); ok && rest[1] == app1 {
			return tiffOrientation(tiff)
		}
		rest = rest[end:]
	}
	return orientationUpright
}

// tiffOrientation looks for the orientation in the first directory of a TIFF
// (TIFF 6.0, section 2).
func tiffOrientation(tiff []byte) int {
	const (
		headerLength   = 8
		entryLength    = 12
		tagOrientation = 0x0112
		typeShort      = 3
	)
	if len(tiff) < headerLength {
		return orientationUpright
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return orientationUpright
	}
	start := uint64(order.Uint32(tiff[4:]))
	if start+2 > uint64(len(tiff)) {
		return orientationUpright
	}
	count, entries := order.Uint16(tiff[start:]), tiff[start+2:]
	for ; count > 0 && len(entries) >= entryLength; count-- {
		if order.Uint16(entries) == tagOrientation && order.Uint16(entries[2:]) == typeShort {
			if o := int(order.Uint16(entries[8:])); o >= orientationUpright && o <= orientationLast {
				return o
			}
			break
		}
		entries = entries[entryLength:]
	}
	return orientationUpright
}

// upright turns and mirrors a picture as its orientation says.
func upright(in *image.RGBA, orientation int) *image.RGBA {
	if orientation == orientationUpright {
		return in
	}
	w, h := in.Rect.Dx(), in.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= orientationTransposed {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fromX, fromY := x, y
			switch orientation {
			case 2: // mirrored
				fromX = w - 1 - x
			case 3: // upside down
				fromX, fromY = w-1-x, h-1-y
			case 4: // upside down and mirrored
				fromY = h - 1 - y
			case 5: // lying on its right side and mirrored
				fromX, fromY = y, x
			case 6: // lying on its left side: turn clockwise
				fromX, fromY = y, h-1-x
			case 7: // lying on its left side and mirrored
				fromX, fromY = w-1-y, h-1-x
			case 8: // lying on its right side: turn counter-clockwise
				fromX, fromY = w-1-y, x
			}
			out.SetRGBA(x, y, in.RGBAAt(fromX, fromY))
		}
	}
	return out
}
