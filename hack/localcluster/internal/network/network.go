// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package network prepares the machine's network for pods, and removes what it and kube-proxy created.
package network

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// forwarding lets the host route between pods, Services and the internet.
const forwarding = "/proc/sys/net/ipv4/ip_forward"

// ownTable is our nftables table; the others are kube-proxy's.
const ownTable = "ip taskexec-localcluster"

var tables = []string{ownTable, "ip kube-proxy", "ip6 kube-proxy"}

// masquerade gives the traffic of pods to the internet the host's address. It is one rule for all pods. The bridge
// plugin would add one rule per pod and delay the start of each pod.
const masquerade = `table %[1]s {}
delete table %[1]s
table %[1]s {
	chain postrouting {
		type nat hook postrouting priority srcnat;
		ip saddr %[2]s ip daddr != %[2]s ip daddr != 224.0.0.0/4 masquerade
	}
}
`

// Ensure creates the bridge with its address. The bridge plugin would create it for the first pod only. But the API
// server must be reachable at the pods' gateway earlier, and the node's address must not be loopback.
func Ensure() error {
	bridge, err := netlink.LinkByName(layout.Bridge)
	var missing netlink.LinkNotFoundError
	if errors.As(err, &missing) {
		attributes := netlink.NewLinkAttrs()
		attributes.Name = layout.Bridge
		bridge = &netlink.Bridge{LinkAttrs: attributes}
		err = netlink.LinkAdd(bridge)
	}
	if err != nil {
		return fmt.Errorf("making bridge %s: %w", layout.Bridge, err)
	}
	address, err := netlink.ParseAddr(layout.NodeIP + "/16")
	if err != nil {
		return err
	}
	if err := netlink.AddrReplace(bridge, address); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", layout.Bridge, address, err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("setting %s up: %w", layout.Bridge, err)
	}
	if err := forward(); err != nil {
		return err
	}
	return nft(fmt.Sprintf(masquerade, ownTable, layout.PodCIDR))
}

// forward turns on IP forwarding and saves the old value.
func forward() error {
	before, err := os.ReadFile(forwarding)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(before)) == "1" {
		return nil
	}
	if err := os.WriteFile(savedForwarding(), before, 0o600); err != nil {
		return err
	}
	return os.WriteFile(forwarding, []byte("1"), 0)
}

func savedForwarding() string { return filepath.Join(layout.StateDir, "ip_forward.before") }

// MTU returns the MTU for pods: the smallest MTU of the devices with a default route, but at most 1500.
func MTU() int {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return 1500
	}
	mtu := 1500
	for _, route := range routes {
		if route.Dst != nil && route.Dst.IP != nil && !route.Dst.IP.IsUnspecified() {
			continue
		}
		if link, err := netlink.LinkByIndex(route.LinkIndex); err == nil && link.Attrs().MTU > 0 {
			mtu = min(mtu, link.Attrs().MTU)
		}
	}
	return mtu
}

// Remove deletes the bridge, the pods' devices on it and the tables, and restores IP forwarding. It is not an error
// if some do not exist.
func Remove() error {
	var failed []error
	if bridge, err := netlink.LinkByName(layout.Bridge); err == nil {
		links, err := netlink.LinkList()
		failed = append(failed, err)
		for _, link := range links {
			if link.Attrs().MasterIndex == bridge.Attrs().Index {
				_ = netlink.LinkDel(link) // it may vanish meanwhile with its pod's namespace
			}
		}
		failed = append(failed, netlink.LinkDel(bridge))
	}
	for _, table := range tables {
		// The table is declared first, so that deleting it succeeds even if it does not exist.
		failed = append(failed, nft(fmt.Sprintf("table %s {}\ndelete table %[1]s\n", table)))
	}
	if before, err := os.ReadFile(savedForwarding()); err == nil {
		failed = append(failed, os.WriteFile(forwarding, before, 0))
	}
	return errors.Join(failed...)
}

func nft(script string) error {
	path, err := exec.LookPath("nft")
	if err != nil {
		return nil // without nft, nothing of ours was ever set, and `up` checks for nft itself
	}
	cmd := exec.Command(path, "-f", "-")
	cmd.Stdin = bytes.NewBufferString(script)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, output)
	}
	return nil
}
