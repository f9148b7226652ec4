using System.Net;

namespace MailCluster.Actors.Sessions;

/// <summary>
/// Keeps a log readable: of one peer, one line in ten minutes, with the number of those left out since. What it remembers is bounded, and past that bound it is
/// silent: a thousand peers that are all refused say nothing that the first ones have not said.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LinePerPeer(TimeProvider time)
{
    private const int MaxPeers = 1000;

    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(10);

    private readonly Dictionary<IPAddress, (long At, int LeftOut)> _peers = [];

    /// <summary>True where a line may be written now.</summary>
    /// <param name="peer">As <see cref="ConnectionLimits.Fold"/> gives it.</param>
    /// <param name="leftOut">Lines left out since the last one of this peer.</param>
    public bool Admits(IPAddress peer, out int leftOut)
    {
        lock (_peers)
        {
            var now = time.GetTimestamp();
            var isKnown = _peers.TryGetValue(peer, out var last);
            leftOut = last.LeftOut;
            if (isKnown && time.GetElapsedTime(last.At, now) < s_interval)
            {
                _peers[peer] = last with { LeftOut = last.LeftOut + 1 };
                return false;
            }
            if (!isKnown && _peers.Count >= MaxPeers && !Forget(now))
            {
                return false;
            }
            _peers[peer] = (now, 0);
            return true;
        }
    }

    private bool Forget(long now)
    {
        foreach (var (peer, last) in _peers)
        {
            if (time.GetElapsedTime(last.At, now) >= s_interval)
            {
                _peers.Remove(peer);
            }
        }
        return _peers.Count < MaxPeers;
    }
}
