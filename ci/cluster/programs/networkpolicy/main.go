// Networkpolicy enforces NetworkPolicies on one node: kube-router's policy controller (iptables and ipset) without its routing and its proxy.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/pkg/options"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	settings := options.NewKubeRouterConfig()
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
	flag.StringVar(&settings.HostnameOverride, "hostname", "", "name of the node")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	running, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()

	awaitNode(running, client, settings.HostnameOverride)
	enforce(running, client, settings)
}

// awaitNode returns once the kubelet has registered the node: the controller gives up at once where there is none.
func awaitNode(running context.Context, client kubernetes.Interface, name string) {
	for {
		_, err := client.CoreV1().Nodes().Get(running, name, metav1.GetOptions{})
		if err == nil {
			return
		}
		select {
		case <-running.Done():
			log.Fatalf("ended before node %s was registered: %v", name, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func enforce(running context.Context, client kubernetes.Interface, settings *options.KubeRouterConfig) {
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(running.Done())
	factory.WaitForCacheSync(running.Done())

	controller, err := netpol.NewNetworkPolicyController(client, settings, pods, policies, namespaces, &sync.Mutex{})
	if err != nil {
		log.Fatal(err)
	}
	_, _ = pods.AddEventHandler(controller.PodEventHandler)
	_, _ = namespaces.AddEventHandler(controller.NamespaceEventHandler)
	_, _ = policies.AddEventHandler(controller.NetworkPolicyEventHandler)

	// The controller reports its health into this channel and stops when nobody reads.
	health := make(chan *healthcheck.ControllerHeartbeat, 64)
	go func() {
		for range health {
		}
	}()
	var done sync.WaitGroup
	done.Add(1)
	go controller.Run(health, running.Done(), &done)
	done.Wait()
}
