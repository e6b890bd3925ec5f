package compat

import (
	"fmt"
	"testing"

	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// These two run before the parallel tests, which wait until all others are done: nobody else's server restarts.

func TestEverythingIsThereAfterAnOrderlyRestart(t *testing.T) { survives(t, "/restart") }

func TestEverythingIsThereAfterAKill(t *testing.T) { survives(t, "/kill") }

func survives(t *testing.T, interruption string) {
	_, port := address(t)
	service, dataId := unique("restart"), unique("restart")
	provider, consumer := naming(t, "restart"), naming(t, "restart")
	writer, reader := config(t, "restart"), config(t, "restart")
	kept := instance(service+"-kept", "127.0.0.1", nil)
	kept.Port, kept.Ephemeral = port, false
	must(t)(provider.RegisterInstance(instance(service, "10.2.0.1", map[string]string{"zone": "a"})))
	must(t)(provider.RegisterInstance(kept))
	lists, _ := subscribe(t, consumer, service)
	before := "10.2.0.1:80 DEFAULT 1 map[zone:a]"
	until(t, []string{before}, lists.latest)
	publish(t, writer, dataId, group, "before")
	contents := listen(t, reader, dataId, group)
	until(t, "before", contents.latest)

	control(t, interruption)

	until(t, []string{before}, func() any { return listed(t, "restart", service, group) })
	until(t, []string{fmt.Sprintf("127.0.0.1:%d DEFAULT 1 map[]", port)},
		func() any { return listed(t, "restart", kept.ServiceName, group) })
	until(t, "before", func() any { return read(reader, dataId, group) })
	until(t, true, func() any {
		done, _ := writer.PublishConfig(vo.ConfigParam{DataId: dataId, Group: group, Content: "after"})
		return done
	})
	until(t, "after", contents.latest)
	equal(t, []string{"before", "after"}, contents.all())

	second := naming(t, "restart")
	must(t)(second.RegisterInstance(instance(service, "10.2.0.2", nil)))
	until(t, []string{before, "10.2.0.2:80 DEFAULT 1 map[]"}, lists.latest)
	for _, list := range lists.all() {
		if len(list) == 0 || list[0] != before {
			t.Fatalf("the subscriber saw a list without the provider: %v", list)
		}
	}
	until(t, true, func() any {
		done, _ := provider.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: service, GroupName: group,
			Ip: "10.2.0.1", Port: 80, Ephemeral: true})
		return done
	})
	until(t, []string{"10.2.0.2:80 DEFAULT 1 map[]"}, lists.latest)
}
