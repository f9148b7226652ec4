using System.Globalization;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Addressing;
using MailCluster.Spool;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

public sealed class QueueMemoryTests
{
    private readonly QueueEffects _effects = new();

    private static QueueState NewQueue() => new(new("node:4053", 1), new(new()), new(), 5000, () => 0.5, Start);

    /// <summary>What the action allocates. Where all of that is kept, it is what the kept costs; the heap itself moves with other tests.</summary>
    private static long AllocatedBy(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Fact]
    public void A_waiting_entry_costs_sixty_octets()
    {
        var queue = NewQueue();
        var domains = Enumerable.Range(0, 1000).Select(i => new DomainName(string.Create(CultureInfo.InvariantCulture, $"domain{i}.example"))).ToArray();
        const int Entries = 200_000;
        var arrivals = Enumerable.Range(0, Entries).Select(i => new Arrival(new(i), domains[i % 1000], 1, 0, Start, 0, Start, false, 10_000)).Chunk(500).ToArray();
        queue.Arrive(arrivals[0], Start, _effects);
        queue.Arrive(arrivals[1], Start, _effects);     // the destinations are there
        _effects.Clear();
        var allocated = AllocatedBy(() =>
        {
            foreach (var part in arrivals.Skip(2))
            {
                queue.Arrive(part, Start, _effects);
                _effects.Clear();
            }
        });
        Assert.Equal(Entries, queue.Entries);
        Assert.InRange(allocated / (Entries - 1000.0), 40, 64);
    }

    [Fact]
    public void A_destination_with_mail_costs_less_than_two_kilobytes_with_its_route()
    {
        var queue = NewQueue();
        const int Destinations = 20_000;
        var allocated = AllocatedBy(() =>
        {
            for (var i = 0; i < Destinations; i++)
            {
                var domain = new DomainName(string.Create(CultureInfo.InvariantCulture, $"domain{i}.example"));
                queue.Arrive([new(new(i), domain, 1, 0, Start, 0, Start, false, 10_000)], Start, _effects);
                queue.Decide(new(domain, i + 1, To(Site(domain.Value)), new DomainSchedule.Down(TimeSpan.FromMinutes(5)), false, TimeSpan.FromHours(1)), Start, _effects);
                _effects.Clear();
            }
        });
        Assert.Equal(Destinations, queue.Destinations);
        Assert.InRange(allocated / (double)Destinations, 100, 2048);
    }

    [Fact]
    public void A_message_in_steady_flow_makes_little_garbage()
    {
        var queue = NewQueue();
        var domain = new DomainName("example.net");
        var pool = new object();
        var delivery = Opened(1);
        AttemptOutcome[] outcomes = [Accepted(0)];
        queue.Arrive([new(new(0), domain, 1, 0, Start, 0, Start, false, 1)], Start, _effects);
        queue.Decide(new(domain, 1, To(Site()), new DomainSchedule.Open(), false, TimeSpan.FromHours(1)), Start, _effects);
        _effects.Clear();
        queue.Want(new(Site(), domain, 1_000_000), pool, Start, _effects);
        var allocated = 0L;
        for (var i = 1; i <= 2000; i++)
        {
            Arrival[] arrival = [new(new(i), domain, 1, 0, Start, 0, Start, false, 1)];
            var now = AllocatedBy(() => queue.Arrive(arrival, Start, _effects));
            var job = _effects.Ready[^1].Ready.Jobs[0];
            _effects.Clear();
            var ended = new JobEnded(job, delivery, outcomes, null);
            now += AllocatedBy(() =>
            {
                queue.End(ended, Start, _effects);
                queue.SettleEnded(Start, _effects);
            });
            _effects.Clear();
            allocated += i > 1000 ? now : 0;
        }
        Assert.InRange(allocated / 1000.0, 0, 400);      // the job, the message that carries it, its list
    }
}
