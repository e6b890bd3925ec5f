// Package compat runs the official Go client (nacos-sdk-go v2) against a Nacre server; see ../run.py.
package compat

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

const (
	group    = "DEFAULT_GROUP"
	deadline = 40 * time.Second
)

// address splits what the runner handed over. An instance on that port passes a health check.
func address(t testing.TB) (string, uint64) {
	t.Helper()
	host, port, found := strings.Cut(os.Getenv("NACRE_ADDR"), ":")
	number, err := strconv.ParseUint(port, 10, 16)
	if !found || err != nil {
		t.Fatal("NACRE_ADDR is not set; start the suite with tests/compat/run.py")
	}
	return host, number
}

// unique makes a name that no other test uses.
func unique(prefix string) string {
	random := make([]byte, 4)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	return prefix + "-" + hex.EncodeToString(random)
}

func parameters(t testing.TB, namespace string) vo.NacosClientParam {
	host, port := address(t)
	// Not t.TempDir: the client may still write its cache while that is being removed.
	folder, err := os.MkdirTemp("", "nacre-compat-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return vo.NacosClientParam{
		ServerConfigs: []constant.ServerConfig{*constant.NewServerConfig(host, port)},
		ClientConfig: constant.NewClientConfig(
			constant.WithNamespaceId(namespace),
			constant.WithTimeoutMs(5000),
			constant.WithNotLoadCacheAtStart(true),
			constant.WithUpdateCacheWhenEmpty(true),
			constant.WithCacheDir(folder+"/cache"),
			constant.WithLogDir(os.Getenv("HOME")+"/log"),
			constant.WithLogLevel("error"),
		),
	}
}

func naming(t *testing.T, namespace string) naming_client.INamingClient {
	t.Helper()
	client, err := clients.NewNamingClient(parameters(t, namespace))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseClient)
	return client
}

func config(t *testing.T, namespace string) config_client.IConfigClient {
	t.Helper()
	client, err := clients.NewConfigClient(parameters(t, namespace))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseClient)
	return client
}

// describe tells what a consumer can see of the instances, in a stable order.
func describe(instances []model.Instance) []string {
	texts := []string{}
	for _, instance := range instances {
		texts = append(texts, fmt.Sprintf("%s:%d %s %v %v", instance.Ip, instance.Port, instance.ClusterName,
			instance.Weight, instance.Metadata))
	}
	sort.Strings(texts)
	return texts
}

// listed asks the server with a client of its own, because this SDK answers from its cache once it knows a service.
func listed(t *testing.T, namespace, service, group string) []string {
	t.Helper()
	client, err := clients.NewNamingClient(parameters(t, namespace))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseClient()
	// The SDK reports an empty list as an error.
	instances, _ := client.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service, GroupName: group})
	return describe(instances)
}

// until waits until the call returns the expected value.
func until(t *testing.T, expected any, actual func() any) {
	t.Helper()
	var last any
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if last = actual(); reflect.DeepEqual(expected, last) {
			return
		}
	}
	t.Fatalf("after %s: expected %v, got %v", deadline, expected, last)
}

func equal(t *testing.T, expected, actual any) {
	t.Helper()
	if !reflect.DeepEqual(expected, actual) {
		t.Fatalf("expected %v, got %v", expected, actual)
	}
}

// must fails the test unless the SDK's call returned true without an error.
func must(t *testing.T) func(bool, error) {
	return func(done bool, err error) {
		t.Helper()
		if err != nil || !done {
			t.Fatalf("refused: %v, %v", done, err)
		}
	}
}

// control restarts or kills the server and returns when it is ready again.
func control(t *testing.T, path string) {
	t.Helper()
	answer, err := http.Post(os.Getenv("NACRE_CONTROL")+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	equal(t, http.StatusOK, answer.StatusCode)
}

// recorder keeps everything that a callback was given.
type recorder[T any] struct {
	lock sync.Mutex
	seen []T
}

func (r *recorder[T]) add(value T) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.seen = append(r.seen, value)
}

func (r *recorder[T]) all() []T {
	r.lock.Lock()
	defer r.lock.Unlock()
	return append([]T{}, r.seen...)
}

// latest returns the newest value, or nil before the first.
func (r *recorder[T]) latest() any {
	all := r.all()
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// subscribe records every list of the service.
func subscribe(t *testing.T, client naming_client.INamingClient, service string) (*recorder[[]string], *vo.SubscribeParam) {
	t.Helper()
	lists := &recorder[[]string]{}
	param := &vo.SubscribeParam{
		ServiceName: service,
		GroupName:   group,
		SubscribeCallback: func(instances []model.Instance, err error) {
			lists.add(describe(instances))
		},
	}
	if err := client.Subscribe(param); err != nil {
		t.Fatal(err)
	}
	return lists, param
}

func instance(service, ip string, metadata map[string]string) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{ServiceName: service, GroupName: group, Ip: ip, Port: 80, Weight: 1, Enable: true,
		Healthy: true, Ephemeral: true, Metadata: metadata}
}
