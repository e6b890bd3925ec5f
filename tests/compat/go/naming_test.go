package compat

import (
	"fmt"
	"sort"
	"testing"

	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

func TestRegisteredInstanceIsDiscoveredWithAllItsFields(t *testing.T) {
	t.Parallel()
	client, service := naming(t, ""), unique("fields")
	wanted := instance(service, "10.1.0.1", map[string]string{"zone": "a", "label": "größe 中"})
	wanted.Port, wanted.Weight, wanted.ClusterName, wanted.GroupName = 8080, 2.5, "blue", "orders"
	must(t)(client.RegisterInstance(wanted))

	equal(t, []string{"10.1.0.1:8080 blue 2.5 map[label:größe 中 zone:a]"}, listed(t, "", service, "orders"))
	equal(t, []string{}, listed(t, "", service, group))
	found, err := client.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service, GroupName: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, []bool{true, true, true}, []bool{found[0].Healthy, found[0].Enable, found[0].Ephemeral})

	must(t)(client.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: service, GroupName: "orders",
		Ip: "10.1.0.1", Port: 8080, Cluster: "blue", Ephemeral: true}))
	equal(t, []string{}, listed(t, "", service, "orders"))
}

func TestSubscriberSeesAddedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	provider, second, consumer := naming(t, ""), naming(t, ""), naming(t, "")
	service := unique("subscribe")
	must(t)(provider.RegisterInstance(instance(service, "10.1.1.1", map[string]string{"version": "1"})))
	lists, param := subscribe(t, consumer, service)
	until(t, []string{"10.1.1.1:80 DEFAULT 1 map[version:1]"}, lists.latest)

	must(t)(provider.UpdateInstance(vo.UpdateInstanceParam{ServiceName: service, GroupName: group, Ip: "10.1.1.1",
		Port: 80, Weight: 7, Enable: true, Healthy: true, Ephemeral: true, Metadata: map[string]string{"version": "2"}}))
	until(t, []string{"10.1.1.1:80 DEFAULT 7 map[version:2]"}, lists.latest)

	must(t)(second.RegisterInstance(instance(service, "10.1.1.2", nil)))
	until(t, []string{"10.1.1.1:80 DEFAULT 7 map[version:2]", "10.1.1.2:80 DEFAULT 1 map[]"}, lists.latest)

	must(t)(provider.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: service, GroupName: group,
		Ip: "10.1.1.1", Port: 80, Ephemeral: true}))
	until(t, []string{"10.1.1.2:80 DEFAULT 1 map[]"}, lists.latest)

	if err := consumer.Unsubscribe(param); err != nil {
		t.Fatal(err)
	}
	before := len(lists.all())
	must(t)(provider.RegisterInstance(instance(service, "10.1.1.3", nil)))
	equal(t, 2, len(listed(t, "", service, group)))
	equal(t, before, len(lists.all()))
}

func TestBatchIsRegisteredAndReplaced(t *testing.T) {
	t.Parallel()
	client, consumer, service := naming(t, ""), naming(t, ""), unique("batch")
	first := instance(service, "10.1.2.1", map[string]string{"n": "1"})
	second := instance(service, "10.1.2.2", map[string]string{"n": "2"})
	second.Weight = 3
	third := instance(service, "10.1.2.3", map[string]string{"n": "3"})
	third.ClusterName = "blue"
	batch := vo.BatchRegisterInstanceParam{ServiceName: service, GroupName: group,
		Instances: []vo.RegisterInstanceParam{first, second, third}}
	must(t)(client.BatchRegisterInstance(batch))
	all := []string{"10.1.2.1:80 DEFAULT 1 map[n:1]", "10.1.2.2:80 DEFAULT 3 map[n:2]", "10.1.2.3:80 blue 1 map[n:3]"}
	equal(t, all, listed(t, "", service, group))
	lists, _ := subscribe(t, consumer, service)
	until(t, all, lists.latest)

	batch.Instances = batch.Instances[:1]
	must(t)(client.BatchRegisterInstance(batch))
	until(t, all[:1], lists.latest)
	equal(t, all[:1], listed(t, "", service, group))
}

func TestClosedClientTakesItsEphemeralInstancesAlong(t *testing.T) {
	t.Parallel()
	_, port := address(t)
	provider, other, consumer, service := naming(t, ""), naming(t, ""), naming(t, ""), unique("leave")
	kept := instance(service+"-kept", "127.0.0.1", map[string]string{"kept": "yes"})
	kept.Port, kept.Ephemeral = port, false
	must(t)(provider.RegisterInstance(instance(service, "10.1.3.1", nil)))
	must(t)(other.RegisterInstance(instance(service, "10.1.3.2", nil)))
	must(t)(provider.RegisterInstance(kept))
	lists, _ := subscribe(t, consumer, service)
	until(t, []string{"10.1.3.1:80 DEFAULT 1 map[]", "10.1.3.2:80 DEFAULT 1 map[]"}, lists.latest)

	provider.CloseClient()
	until(t, []string{"10.1.3.2:80 DEFAULT 1 map[]"}, lists.latest)
	equal(t, []string{fmt.Sprintf("127.0.0.1:%d DEFAULT 1 map[kept:yes]", port)}, listed(t, "", kept.ServiceName, group))
	must(t)(other.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: kept.ServiceName, GroupName: group,
		Ip: "127.0.0.1", Port: port, Ephemeral: false}))
	equal(t, []string{}, listed(t, "", kept.ServiceName, group))
}

func TestNamespacesAreSeparate(t *testing.T) {
	t.Parallel()
	red, green, service := naming(t, "red"), naming(t, "green"), unique("namespaces")
	must(t)(red.RegisterInstance(instance(service, "10.1.4.1", nil)))
	must(t)(green.RegisterInstance(instance(service, "10.1.4.2", nil)))
	equal(t, []string{"10.1.4.1:80 DEFAULT 1 map[]"}, listed(t, "red", service, group))
	equal(t, []string{"10.1.4.2:80 DEFAULT 1 map[]"}, listed(t, "green", service, group))
	equal(t, []string{}, listed(t, "", service, group))
}

func TestDisabledInstancesAreNotSelected(t *testing.T) {
	t.Parallel()
	first, second, service := naming(t, ""), naming(t, ""), unique("select")
	disabled := instance(service, "10.1.5.2", nil)
	disabled.Enable = false
	must(t)(first.RegisterInstance(instance(service, "10.1.5.1", nil)))
	must(t)(second.RegisterInstance(disabled))
	consumer := naming(t, "")
	selected, err := consumer.SelectInstances(vo.SelectInstancesParam{ServiceName: service, GroupName: group,
		HealthyOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, []string{"10.1.5.1:80 DEFAULT 1 map[]"}, describe(selected))
	one, err := consumer.SelectOneHealthyInstance(vo.SelectOneHealthInstanceParam{ServiceName: service, GroupName: group})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "10.1.5.1", one.Ip)
}

func TestServiceListIsPagedAndCounted(t *testing.T) {
	t.Parallel()
	client, listing := naming(t, "listing"), unique("group")
	expected := []string{}
	for number := 0; number < 5; number++ {
		name := fmt.Sprintf("paged-%d", number)
		expected = append(expected, name)
		param := instance(name, "10.1.6.1", nil)
		param.GroupName = listing
		must(t)(client.RegisterInstance(param))
	}
	everything, err := client.GetAllServicesInfo(vo.GetAllServiceInfoParam{NameSpace: "listing", GroupName: listing,
		PageNo: 1, PageSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(everything.Doms)
	equal(t, expected, everything.Doms)
	page, err := client.GetAllServicesInfo(vo.GetAllServiceInfoParam{NameSpace: "listing", GroupName: listing,
		PageNo: 2, PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, []int{5, 2}, []int{int(page.Count), len(page.Doms)})
}
