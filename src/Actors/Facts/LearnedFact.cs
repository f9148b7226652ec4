using System.Globalization;

namespace MailCluster.Actors.Facts;

/// <summary>The one fact of a sharded actor, from its side: what it has learned or heard last. Pure.</summary>
internal sealed class LearnedFact
{
    /// <summary>Goes out with each answer; null where there is nothing to say.</summary>
    public Fact? Newest { get; private set; }

    /// <summary>The number that was learned; 0 for none.</summary>
    public int Level => int.TryParse(Newest?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var level) ? level : 0;

    /// <summary>The actor's number stands so now, and is worth something for so long. Returns true where that is news.</summary>
    public bool Learn(int level, TimeSpan timeToLive, DateTimeOffset now)
    {
        if (level == Level)
        {
            return false;
        }

        var microseconds = now.UtcTicks / TimeSpan.TicksPerMicrosecond;
        // Never shorter than what it overrules, or that would be worth something again.
        var expires = Newest is { } former && former.Expires > now + timeToLive ? former.Expires : now + timeToLive;
        Newest = new(Math.Max(microseconds, (Newest?.Version ?? 0) + 1), expires, level > 0 ? level.ToString(CultureInfo.InvariantCulture) : "");
        return true;
    }

    /// <summary>A node tells what it has kept. Returns true where that is newer than what is known here.</summary>
    public bool Hear(Fact? fact, DateTimeOffset now)
    {
        if (fact is null || fact.Expires <= now || fact.Version <= (Newest?.Version ?? 0))
        {
            return false;
        }

        Newest = fact;
        return true;
    }
}
