using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Tests.Sites;

public sealed class LeaseHoldingsTests
{
    private static readonly SiteKey Site = new("mx.example.org", SiteKey.DefaultSource);
    private static readonly Moment Now = new(TimeSpan.FromHours(1), DateTimeOffset.UnixEpoch);
    private static readonly Epoch First = new(1, 1);
    private static readonly Epoch Second = new(2, 1);

    private readonly LeaseHoldings _holdings = new();

    [Fact]
    public void Tells_what_is_held_and_for_how_long()
    {
        _holdings.Hold(Site, First, 4, Now.Plus(TimeSpan.FromSeconds(9)));

        Assert.Equal(Second, _holdings.Tell(Site, Second, Now, out var lease));
        Assert.Equal(new(4, TimeSpan.FromSeconds(9), First.Node), lease);
    }

    [Fact]
    public void Shuts_out_the_answers_of_older_incarnations_than_the_one_that_asked()
    {
        _holdings.Tell(Site, Second, Now, out _);

        Assert.Equal(Second, _holdings.Hold(Site, First, 4, Now.Plus(LeaseTiming.TimeToLive)));
        _holdings.Tell(Site, Second, Now, out var lease);
        Assert.Equal(0, lease.Connections);
        Assert.Equal(Second, _holdings.Hold(Site, Second, 3, Now.Plus(LeaseTiming.TimeToLive)));
    }

    [Fact]
    public void Tells_an_incarnation_that_is_not_the_newest_who_is_and_shuts_nobody_out()
    {
        _holdings.Hold(Site, Second, 4, Now.Plus(LeaseTiming.TimeToLive));

        Assert.Equal(Second, _holdings.Tell(Site, First, Now, out var lease));
        Assert.Equal(4, lease.Connections);       // found by simulation: the answer may overtake the one to the question that First repeats as Second
        Assert.Equal(Second, _holdings.Hold(Site, Second, 5, Now.Plus(LeaseTiming.TimeToLive)));
    }

    [Fact]
    public void Only_the_monotonic_clock_ends_a_lease_that_others_count()
    {
        _holdings.Hold(Site, First, 4, Now.Plus(TimeSpan.FromSeconds(9)));

        _holdings.Tell(Site, Second, Now with { Wall = Now.Wall.AddSeconds(9) }, out var lease);
        // Set back, the wall clock would make the lease usable again.
        Assert.Equal(new(4, TimeSpan.FromSeconds(9), 0), lease);
        _holdings.Tell(Site, Second, Now with { Monotonic = Now.Monotonic + TimeSpan.FromSeconds(9) }, out lease);
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
    }

    [Fact]
    public void Remembers_a_lease_that_ran_out_when_its_pool_ends_and_none_that_ran()
    {
        // A destination with a mail now and then has no pool by the time a dead granter's successor asks; it may go on with what it had all the same.
        _holdings.Hold(Site, First, 4, Now.Plus(TimeSpan.FromSeconds(9)));
        _holdings.Release(Site, Now.Plus(TimeSpan.FromSeconds(10)));
        _holdings.Tell(Site, Second, Now.Plus(TimeSpan.FromSeconds(11)), out var lease);
        Assert.Equal(new(4, TimeSpan.FromSeconds(-2), First.Node), lease);

        _holdings.Hold(Site, Second, 4, Now.Plus(TimeSpan.FromSeconds(30)));
        _holdings.Release(Site, Now.Plus(TimeSpan.FromSeconds(20)));
        _holdings.Tell(Site, new Epoch(3, 1), Now.Plus(TimeSpan.FromSeconds(21)), out lease);
        Assert.Equal(0, lease.Connections);
    }

    [Fact]
    public async Task Of_a_question_and_a_grant_at_the_same_time_one_comes_first()
    {
        for (var round = 0; round < 2000; round++)
        {
            var site = Site with { Site = $"{round}" };
            HeldLease lease = default;
            var asks = Task.Run(() => _holdings.Tell(site, Second, Now, out lease), TestContext.Current.CancellationToken);
            var newest = _holdings.Hold(site, First, 4, Now.Plus(LeaseTiming.TimeToLive));
            await asks;

            // Either the grant was told, or it was refused.
            Assert.True(lease.Connections == 4 ? newest == First : newest == Second);
        }
    }

    [Fact]
    public void Names_the_granter_only_to_the_first_that_asks_after_it()
    {
        var third = new Epoch(3, 3);
        _holdings.Hold(Site, First, 4, Now.Plus(TimeSpan.FromSeconds(9)));

        _holdings.Tell(Site, Second with { Node = 2 }, Now, out var lease);
        Assert.Equal(First.Node, lease.Granter);
        _holdings.Tell(Site, Second with { Node = 2 }, Now, out lease);
        Assert.Equal(First.Node, lease.Granter);        // it may ask again

        // Between the first and the third somebody else may have granted.
        _holdings.Tell(Site, third, Now, out lease);
        Assert.Equal((4, 0), (lease.Connections, lease.Granter));
    }
}
