package compat

import (
	"crypto/md5"
	"encoding/hex"
	"testing"

	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

func publish(t *testing.T, client config_client.IConfigClient, dataId, group, content string) {
	t.Helper()
	must(t)(client.PublishConfig(vo.ConfigParam{DataId: dataId, Group: group, Content: content}))
}

// read returns the content; this SDK reports a missing config as an error or as an empty text.
func read(client config_client.IConfigClient, dataId, group string) string {
	content, _ := client.GetConfig(vo.ConfigParam{DataId: dataId, Group: group})
	return content
}

// listen records every content of the key.
func listen(t *testing.T, client config_client.IConfigClient, dataId, group string) *recorder[string] {
	t.Helper()
	contents := &recorder[string]{}
	err := client.ListenConfig(vo.ConfigParam{DataId: dataId, Group: group,
		OnChange: func(_, _, _, content string) { contents.add(content) }})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

func TestPublishedConfigIsReadBackAndRemoved(t *testing.T) {
	t.Parallel()
	client, dataId := config(t, ""), unique("read-back")
	content := "# größe 中 \U0001F600\nname: nacre\r\nspaces:   kept \n\ttab=%20&+\n"
	equal(t, "", read(client, dataId, group))
	must(t)(client.PublishConfig(vo.ConfigParam{DataId: dataId, Group: group, Content: content, Type: "yaml"}))
	equal(t, content, read(client, dataId, group))
	must(t)(client.DeleteConfig(vo.ConfigParam{DataId: dataId, Group: group}))
	equal(t, "", read(client, dataId, group))
}

func TestCompareAndSetTakesOnlyTheCurrentMd5(t *testing.T) {
	t.Parallel()
	client, dataId := config(t, ""), unique("cas")
	publish(t, client, dataId, group, "one")
	done, err := client.PublishConfig(vo.ConfigParam{DataId: dataId, Group: group, Content: "lost", CasMd5: sum("else")})
	if done || err == nil {
		t.Fatalf("a stale md5 was taken: %v, %v", done, err)
	}
	equal(t, "one", read(client, dataId, group))
	must(t)(client.PublishConfig(vo.ConfigParam{DataId: dataId, Group: group, Content: "two", CasMd5: sum("one")}))
	equal(t, "two", read(client, dataId, group))
}

func sum(text string) string {
	digest := md5.Sum([]byte(text))
	return hex.EncodeToString(digest[:])
}

func TestGroupsAndNamespacesAreSeparate(t *testing.T) {
	t.Parallel()
	none, red, dataId := config(t, ""), config(t, "red"), unique("separate")
	publish(t, none, dataId, "one", "group one")
	publish(t, none, dataId, "two", "group two")
	publish(t, red, dataId, "one", "red, group one")
	equal(t, "group one", read(none, dataId, "one"))
	equal(t, "group two", read(none, dataId, "two"))
	equal(t, "red, group one", read(red, dataId, "one"))
	equal(t, "", read(red, dataId, "two"))
}

func TestListenerSeesCreationChangesRemovalAndReturn(t *testing.T) {
	t.Parallel()
	writer, reader, dataId := config(t, ""), config(t, ""), unique("listen")
	contents := listen(t, reader, dataId, "fresh")
	publish(t, writer, dataId, "fresh", "born")
	until(t, "born", contents.latest)
	publish(t, writer, dataId, "fresh", "two")
	until(t, "two", contents.latest)
	must(t)(writer.DeleteConfig(vo.ConfigParam{DataId: dataId, Group: "fresh"}))
	until(t, "", contents.latest)
	publish(t, writer, dataId, "fresh", "three")
	until(t, "three", contents.latest)

	if err := reader.CancelListenConfig(vo.ConfigParam{DataId: dataId, Group: "fresh"}); err != nil {
		t.Fatal(err)
	}
	before := len(contents.all())
	publish(t, writer, dataId, "fresh", "four")
	until(t, "four", func() any { return read(reader, dataId, "fresh") })
	equal(t, before, len(contents.all()))
}
