using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Tests.SitePools;

public sealed class ConnectionBudgetTests
{
    private static readonly SiteKey A = new("a", SiteKey.DefaultSource);
    private static readonly SiteKey B = new("b", SiteKey.DefaultSource);
    private static readonly SiteKey C = new("c", SiteKey.DefaultSource);
    private readonly List<SitePoolProtocol.IForPool> _news = [];

    private ConnectionBudget Budget(int limit) => new(limit) { Listener = _news.Add };

    private static int Take(ConnectionBudget budget, SiteKey site, int most)
    {
        var taken = 0;
        while (taken < most && budget.TryTake(site))
        {
            taken++;
        }
        return taken;
    }

    [Fact]
    public void One_site_alone_may_have_them_all_and_no_more()
    {
        var budget = Budget(16);
        Assert.Equal(16, Take(budget, A, 100));
        Assert.Equal(0, budget.Free);
    }

    [Fact]
    public void Who_has_more_than_its_share_leaves_some_for_those_to_come()
    {
        var budget = Budget(16);
        Assert.True(budget.TryTake(B));
        Assert.Equal(13, Take(budget, A, 100));
        Assert.Equal(2, budget.Free);
        Assert.True(budget.TryTake(C));
    }

    [Fact]
    public void Those_that_wait_are_told_in_their_order_and_nobody_overtakes_them()
    {
        var budget = Budget(1);
        Assert.True(budget.TryTake(A));
        Assert.False(budget.TryTake(B));
        Assert.False(budget.TryTake(C));
        Assert.True(budget.IsShort);
        _news.Clear();
        budget.Return(A);
        Assert.Equal([new SitePoolProtocol.Room(B)], _news);
        Assert.False(budget.TryTake(A));
        Assert.True(budget.TryTake(B));
        budget.Return(B);
        Assert.Equal(new SitePoolProtocol.Room(C), _news[^1]);
    }

    [Fact]
    public void Who_cannot_use_what_is_kept_for_it_yet_comes_first_when_it_can()
    {
        var budget = Budget(1);
        Assert.True(budget.TryTake(A));
        Assert.False(budget.TryTake(B));
        Assert.False(budget.TryTake(C));
        budget.Return(A);
        Assert.Equal(new SitePoolProtocol.Room(B), _news[^1]);
        budget.Yield(B);
        Assert.Equal(new SitePoolProtocol.Room(C), _news[^1]);
        Assert.True(budget.TryTake(C));
        Assert.False(budget.TryTake(A));
        Assert.False(budget.TryTake(B));
        budget.Return(C);
        Assert.Equal(new SitePoolProtocol.Room(B), _news[^1]);
    }

    [Fact]
    public void What_is_declined_goes_to_the_next()
    {
        var budget = Budget(1);
        budget.TryTake(A);
        budget.TryTake(B);
        budget.TryTake(C);
        budget.Return(A);
        budget.Decline(B);
        Assert.Equal(new SitePoolProtocol.Room(C), _news[^1]);
        Assert.True(budget.TryTake(C));
        Assert.False(budget.IsShort);
    }

    [Fact]
    public void The_site_that_holds_most_is_asked_to_make_room_for_one_that_has_none()
    {
        var budget = Budget(8);
        Take(budget, B, 2);
        Take(budget, A, 5);
        Take(budget, B, 1);
        Assert.Equal(0, budget.Free);
        _news.Clear();
        Assert.False(budget.TryTake(C));
        Assert.Equal([new SitePoolProtocol.MakeRoom(A)], _news);
        Assert.Equal(2, budget.Share);
    }

    [Fact]
    public void A_pool_that_ends_gives_back_all_that_it_held_waited_for_and_had_been_kept()
    {
        var budget = Budget(2);
        Take(budget, A, 2);
        budget.TryTake(B);
        budget.TryTake(C);
        budget.Return(A);
        budget.Forget(B);
        Assert.Equal(new SitePoolProtocol.Room(C), _news[^1]);
        budget.Forget(C);
        budget.Forget(A);
        Assert.Equal(2, budget.Free);
        Assert.Equal(2, Take(budget, B, 3));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void In_any_history_no_more_are_taken_than_there_are_and_whoever_waits_gets_one(int seed)
    {
        var random = new Random(seed);
        var limit = random.Next(1, 20);
        var budget = Budget(limit);
        var sites = Enumerable.Range(0, 30).Select(i => new SiteKey($"site-{i}", SiteKey.DefaultSource)).ToArray();
        var held = sites.ToDictionary(site => site, _ => 0);
        var waits = new HashSet<SiteKey>();
        for (var step = 0; step < 20_000; step++)
        {
            var site = sites[random.Next(sites.Length)];
            switch (random.Next(8))
            {
                case 0:
                    budget.Forget(site);
                    held[site] = 0;
                    waits.Remove(site);
                    break;
                case < 4 when held[site] > 0:
                    budget.Return(site);
                    held[site]--;
                    break;
                case >= 4 when !waits.Contains(site):
                    TakeOne(site);
                    break;
                default:
                    break;
            }
            Hear(decline: random.Next(4) == 0);
            Assert.InRange(held.Values.Sum(), 0, limit);
            Assert.Equal(limit - held.Values.Sum(), budget.Free);
        }

        // When all that is held comes back, all who wait are served, one after another.
        while (held.FirstOrDefault(pair => pair.Value > 0) is { Value: > 0 } holder)
        {
            budget.Return(holder.Key);
            held[holder.Key]--;
            Hear(decline: false);
        }
        Assert.Empty(waits);
        Assert.Equal(limit, budget.Free);

        void TakeOne(SiteKey site)
        {
            if (budget.TryTake(site))
            {
                held[site]++;
            }
            else
            {
                waits.Add(site);
            }
        }

        void Hear(bool decline)
        {
            for (var i = 0; i < _news.Count; i++)
            {
                if (_news[i] is SitePoolProtocol.Room(var site) && waits.Remove(site))
                {
                    if (decline)
                    {
                        budget.Decline(site);
                    }
                    else
                    {
                        TakeOne(site);
                    }
                }
            }
            _news.Clear();
        }
    }
}
