using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Tests.Sites;

public sealed class ShardTenureTests
{
    private static readonly Moment Start = new(TimeSpan.FromHours(1), DateTimeOffset.UnixEpoch);

    private readonly ShardTenure _tenure = new();

    [Fact]
    public void Knows_when_the_shard_has_been_here_for_the_grace_time()
    {
        Assert.False(_tenure.Knows("7", 1, Start));
        Assert.False(_tenure.Knows("7", 1, Start.Plus(LeaseTiming.Grace - TimeSpan.FromSeconds(1))));
        Assert.True(_tenure.Knows("7", 1, Start.Plus(LeaseTiming.Grace)));
        Assert.False(_tenure.Knows("8", 1, Start.Plus(LeaseTiming.Grace)));
    }

    [Fact]
    public void Starts_anew_when_the_shard_has_been_elsewhere_or_an_actor_failed()
    {
        _tenure.Knows("7", 1, Start);
        var later = Start.Plus(LeaseTiming.Grace);

        Assert.False(_tenure.Knows("7", 2, later));
        Assert.True(_tenure.Knows("7", 2, later.Plus(LeaseTiming.Grace)));
        _tenure.Interrupted("7", 2, later.Plus(LeaseTiming.Grace));
        Assert.False(_tenure.Knows("7", 2, later.Plus(LeaseTiming.Grace)));
    }

    [Fact]
    public void A_wall_clock_set_forward_makes_no_tenure()
    {
        _tenure.Knows("7", 1, Start);

        Assert.False(_tenure.Knows("7", 1, Start with { Wall = Start.Wall.AddDays(1) }));
    }
}
