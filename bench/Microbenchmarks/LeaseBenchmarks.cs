using BenchmarkDotNet.Attributes;
using MailCluster.Actors.Sites;

namespace MailCluster.Microbenchmarks;

/// <summary>The node's end of the lease protocol: what is done with each event of a pool, and a renewal.</summary>
[MemoryDiagnoser]
public class LeaseBenchmarks
{
    private static readonly SiteKey Site = new("mx.example.net", SiteKey.DefaultSource);
    private readonly LeaseHolder _holder = new(Site, new("node:4053", 1), 10, new());
    private Moment _now = new(TimeSpan.FromDays(1), DateTimeOffset.UnixEpoch);

    [GlobalSetup]
    public void Setup() => _holder.On(new SiteProtocol.Granted(Site, _holder.Poll(_now, 0, 5)!.Number, new(1, 1), 5, TimeSpan.FromSeconds(15)));

    /// <summary>Nothing is due.</summary>
    [Benchmark]
    public bool Look() => _holder.Allowed(_now) > 0 && _holder.Poll(_now, 5, 5) is null;

    /// <summary>Asked and granted.</summary>
    [Benchmark]
    public bool Renew()
    {
        _now = new(_now.Monotonic + LeaseTiming.Renewal, _now.Wall + LeaseTiming.Renewal);
        return _holder.On(new SiteProtocol.Granted(Site, _holder.Poll(_now, 5, 5)!.Number, new(1, 1), 5, TimeSpan.FromSeconds(15)));
    }
}
