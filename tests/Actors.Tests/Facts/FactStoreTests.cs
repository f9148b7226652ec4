using Akka.Actor;
using MailCluster.Actors.Facts;

namespace MailCluster.Actors.Tests.Facts;

public sealed class FactStoreTests : IDisposable
{
    private static readonly FactKey Key = new(FactKey.DomainDown, "example.org");
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly string _folder = Directory.CreateTempSubdirectory("facts").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_highest_version_counts_until_it_expires()
    {
        var store = new FactStore();
        store.Keep(Key, new(2, Now.AddMinutes(1), "2"), Now);
        store.Keep(Key, new(1, Now.AddMinutes(9), "1"), Now);
        Assert.Equal("2", store.Find(Key, Now)!.Value);
        Assert.Null(store.Find(Key, Now.AddMinutes(1)));
        store.Keep(Key, new(3, Now, "3"), Now);      // expired when it came
        Assert.Equal("2", store.Find(Key, Now)!.Value);
    }

    [Fact]
    public void Beyond_the_limit_those_that_expire_first_go()
    {
        var store = new FactStore();
        for (var i = 0; i <= FactStore.Limit; i++)
        {
            store.Keep(new("k", $"{i}"), new(1, Now.AddSeconds(i + 1), ""), Now);
        }
        Assert.InRange(store.Count, FactStore.Limit / 2, FactStore.Limit);
        Assert.Null(store.Find(new("k", "0"), Now));
        Assert.NotNull(store.Find(new("k", $"{FactStore.Limit}"), Now));
    }

    [Fact]
    public async Task What_a_node_has_kept_is_there_after_a_restart_and_damage_is_moved_aside()
    {
        var path = Path.Combine(_folder, "facts");
        var store = new FactStore();
        using (var system = ActorSystem.Create("facts"))
        {
            var keeper = system.ActorOf(FactsActor.Props(path, store, Now));
            await keeper.Ask<ActorIdentity>(new Identify(null), TimeSpan.FromSeconds(20));     // it writes what changes from its start on
            store.Keep(Key, new(7, Now.AddHours(1), "3"), Now);
            store.Keep(new("k", "old"), new(7, Now.AddMilliseconds(1), "3"), Now);
            await system.Terminate();
        }

        var again = new FactStore();
        FactsActor.Props(path, again, Now.AddMinutes(1));
        Assert.Equal(new Fact(7, again.Find(Key, Now)!.Expires, "3"), again.Find(Key, Now));
        Assert.Equal(1, again.Count);

        var octets = File.ReadAllBytes(path);
        octets[^1] ^= 1;
        File.WriteAllBytes(path, octets);
        var damaged = new FactStore();
        FactsActor.Props(path, damaged, Now);
        Assert.Equal(0, damaged.Count);
        Assert.Single(Directory.GetFiles(_folder), file => file.Contains(".damaged-", StringComparison.Ordinal));
    }
}
