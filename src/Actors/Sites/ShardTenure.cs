using System.Collections.Concurrent;

namespace MailCluster.Actors.Sites;

/// <summary>
/// Since when this node has hosted each shard of sites without a break. Throughout that time every site actor of the shard ran here and stopped only when its last lease had run out, so the
/// next one knows what was granted: nothing. One per node, used by all threads.
/// </summary>
public sealed class ShardTenure
{
    private readonly ConcurrentDictionary<string, Tenure> _shards = new(StringComparer.Ordinal);

    /// <summary>A site actor starts. True where the shard has been here for the whole grace time.</summary>
    /// <param name="shard">The shard's name.</param>
    /// <param name="incarnation">The unique id of the shard's actor: another one means that the shard has been elsewhere in between.</param>
    /// <param name="now">Now.</param>
    public bool Knows(string shard, long incarnation, Moment now)
    {
        var tenure = _shards.AddOrUpdate(shard, _ => new(incarnation, now), (_, known) => known.Incarnation == incarnation ? known : new(incarnation, now));
        return tenure.Since.Plus(LeaseTiming.Grace).HasSurelyCome(now);
    }

    /// <summary>A site actor stopped while something it granted still ran, by a failure: what it knew is lost.</summary>
    public void Interrupted(string shard, long incarnation, Moment now) => _shards[shard] = new(incarnation, now);

    private readonly record struct Tenure(long Incarnation, Moment Since);
}
