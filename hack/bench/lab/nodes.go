// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// makeNodes creates nodes with enough room for all pods. kwok keeps them ready.
func (l *Lab) makeNodes(ctx context.Context) error {
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("1k"), corev1.ResourceMemory: resource.MustParse("1Ti"), corev1.ResourcePods: resource.MustParse("1M"),
	}
	for i := range l.Nodes {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i)}}
		node.Status = corev1.NodeStatus{Allocatable: room, Capacity: room}
		if err := l.Kube.Create(ctx, node); err != nil {
			return fmt.Errorf("creating a node: %w", err)
		}
	}
	nodes := &corev1.NodeList{}
	if err := l.until(ctx, "the nodes are ready", func() (bool, error) {
		if err := l.Kube.List(ctx, nodes); err != nil {
			return false, err
		}
		for i := range nodes.Items {
			if nodes.Items[i].Status.DaemonEndpoints.KubeletEndpoint.Port == 0 {
				return false, nil
			}
		}
		return true, nil
	}); err != nil {
		return err
	}
	for i := range nodes.Items { // a new node has the taint not-ready, and the controller that would remove it does not run here
		node := &nodes.Items[i]
		before := node.DeepCopy()
		node.Spec.Taints = nil
		if err := l.Kube.Patch(ctx, node, client.MergeFrom(before)); err != nil {
			return fmt.Errorf("untainting a node: %w", err)
		}
	}
	return nil
}

// makeNode creates the node of StartNode, with the address of our kubelet.
func (l *Lab) makeNode(ctx context.Context) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: l.Node}}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(l.Kubelet.port)
	if err := l.Kube.Create(ctx, node); err != nil {
		return fmt.Errorf("creating a node: %w", err)
	}
	return nil
}
