// Package bootstrap assembles Rowhouse: it reads the configuration and knows
// which adapter stands behind which port. Wire writes the code of each
// assembly, one package for each below this one.
package bootstrap
