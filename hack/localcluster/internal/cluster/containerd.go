// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package cluster

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/taskexec/taskexec/hack/localcluster/internal/image"
	"github.com/taskexec/taskexec/hack/localcluster/internal/layout"
)

// containerdTemplate keeps all files below our two folders. It sets restrict_oom_score_adj because, without
// CAP_SYS_RESOURCE, no process may lower its OOM score, and no sandbox could start.
const containerdTemplate = `version = 4
root = %[1]q
state = %[2]q
oom_score = 0
imports = []
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[plugins."io.containerd.server.v1.grpc"]
  address = %[3]q

[plugins."io.containerd.server.v1.ttrpc"]
  address = %[4]q

[plugins."io.containerd.shim.v1.manager"]
  socket_dir = %[11]q

[plugins."io.containerd.metadata.v1.bolt"]
  no_sync = true

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = %[5]q

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  cdi_spec_dirs = []

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = [%[6]q]
  conf_dir = %[7]q
  use_internal_loopback = true

[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "runc"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  runtime_path = %[8]q

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  BinaryName = %[9]q
  Root = %[10]q
  SystemdCgroup = false
`

func (c *Cluster) containerdConfig() []byte {
	return fmt.Appendf(nil, containerdTemplate,
		layout.Containerd(), containerdState(), layout.ContainerdSocket(), layout.ContainerdSocket()+".ttrpc",
		image.PauseRef, c.programs["cni"], layout.Config("cni"),
		filepath.Join(c.programs["containerd"], "containerd-shim-runc-v2"),
		filepath.Join(c.programs["runc"], "runc"), layout.RunDir+"/runc", layout.RunDir+"/shims")
}

func containerdState() string { return layout.RunDir + "/containerd" }

// networkName marks our entries in the network plugins' shared cache.
const networkName = "taskexec-localcluster"

// bridgeConfig returns the configuration of the pods' network. isDefaultGateway, unlike isGateway, gives pods a
// default route. They need it to reach Services.
func bridgeConfig(mtu int) []byte {
	return encode(map[string]any{
		"cniVersion": "1.0.0", "name": networkName,
		"plugins": []any{map[string]any{
			"type": "bridge", "bridge": layout.Bridge, "isDefaultGateway": true, "hairpinMode": true, "mtu": mtu,
			"ipam": map[string]any{
				"type": "host-local", "dataDir": layout.RunDir + "/cni",
				"ranges": []any{[]any{map[string]any{"subnet": layout.PodCIDR, "gateway": layout.NodeIP}}},
			},
		}},
	})
}

// encode cannot fail, because all its inputs are maps of plain values.
func encode(value any) []byte {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}
