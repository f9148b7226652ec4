using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;

namespace MailCluster.Spool.CrashWorker;

/// <summary>
/// A mail, whole: its content, its envelope and what becomes of each recipient in each attempt follow from its number alone. So whoever knows the number and how
/// many outcomes were recorded knows every octet and every state that the spool must have.
/// </summary>
internal sealed class MailPlan
{
    /// <summary>Numbers from here on are those of reports.</summary>
    public const long FirstReport = 1L << 60;

    private const int Header = 16;

    private MailPlan(long number)
    {
        Number = number;
        var kind = Chance(0);
        var length = Chance(1);
        Size = Header + (length < 60 ? Below(4096, 2) : length < 92 ? Below(16 << 10, 2) : length < 98 ? Below(100 << 10, 2) : Below(400 << 10, 2));
        Destinations = [1];
        if (number >= FirstReport)
        {
            Attempts = kind < 80 ? 1 : 2;
        }
        else if (kind >= 92)
        {
            Destinations = [.. Enumerable.Range(0, 1 + Below(4, 3)).Select(i => 1 + Below(Chance(4, i) < 5 ? 300 : 40, 5, i))];
            Attempts = 2 + Below(4, 6);
        }
        else if (kind >= 72)
        {
            Attempts = 2 + Below(5, 6);
            IsLongLived = kind >= 84;
        }
        else
        {
            Attempts = 1;
        }
    }

    /// <summary>Its number.</summary>
    public long Number { get; }

    /// <summary>Octets of content.</summary>
    public int Size { get; }

    /// <summary>Recipients of each destination.</summary>
    public int[] Destinations { get; }

    /// <summary>After so many outcomes nobody is open any more.</summary>
    public int Attempts { get; }

    /// <summary>True where its later attempts come late.</summary>
    public bool IsLongLived { get; }

    /// <summary>True for a report.</summary>
    public bool IsReport => Number >= FirstReport;

    /// <summary>The reverse-path, which names the number.</summary>
    public string ReversePath => string.Create(CultureInfo.InvariantCulture, $"n{Number}@source.test");

    /// <summary>When it arrived.</summary>
    public DateTimeOffset Arrived => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(Number % 1_000_000_000);

    public static MailPlan Of(long number) => new(number);

    /// <summary>The number that a reverse-path names.</summary>
    public static long NumberOf(ReversePath path) => long.Parse(path.Address.AsSpan(1, path.Address.IndexOf('@', StringComparison.Ordinal) - 1), CultureInfo.InvariantCulture);

    /// <summary>The name of destination <paramref name="destination"/>.</summary>
    public static string Domain(int destination) => string.Create(CultureInfo.InvariantCulture, $"d{destination}.test");

    /// <summary>The number of the destination that has that name.</summary>
    public static int DestinationOf(DomainName domain) => int.Parse(domain.Value.AsSpan(1, domain.Value.Length - 6), CultureInfo.InvariantCulture);

    /// <summary>The address of a recipient.</summary>
    public static string Address(int destination, int recipient) => string.Create(CultureInfo.InvariantCulture, $"r{recipient}@{Domain(destination)}");

    public Envelope Envelope(ReportOf? report = null) => new(
        new ReversePath(ReversePath), MailParameters.None, Arrived, new MessageOrigin("s1", "192.0.2.1:1234", "client.test", "ESMTP"),
        [.. Destinations.Select(static (count, destination) => new EnvelopeDestination(
            new DomainName(Domain(destination)),
            [.. Enumerable.Range(0, count).Select(recipient => new Recipient(new ForwardPath(Address(destination, recipient), new DomainName(Domain(destination))), RcptParameters.None))]))])
    {
        Report = report,
    };

    /// <summary>The content: the number, a checksum of number and length, and octets that follow from the number.</summary>
    public byte[] Content()
    {
        var content = new byte[Size + 7];
        var words = MemoryMarshal.Cast<byte, ulong>(content.AsSpan(0, content.Length & ~7));
        var state = Mix((ulong)Number);
        words[0] = (ulong)Number;
        words[1] = Mix(state ^ (ulong)Size);
        for (var i = 2; i < words.Length; i++)
        {
            words[i] = state += 0x9E3779B97F4A7C15 ^ (state << 7);
        }
        return content[..Size];
    }

    /// <summary>Where each recipient stands after so many outcomes, and the attempt (from 0) that last spoke of it; -1 for none.</summary>
    public (RecipientStatus Status, int Since)[] States(int destination, int outcomes)
    {
        var states = new (RecipientStatus Status, int Since)[Destinations[destination]];
        Array.Fill(states, (RecipientStatus.Open, -1));
        for (var attempt = 0; attempt < outcomes; attempt++)
        {
            for (var recipient = 0; recipient < states.Length; recipient++)
            {
                if (states[recipient].Status == RecipientStatus.Open)
                {
                    states[recipient] = (Fate(destination, recipient, attempt), attempt);
                }
            }
        }
        return states;
    }

    /// <summary>What to record after attempt <paramref name="attempt"/> (from 0); null where all that were open were delivered.</summary>
    public EntryOutcome? Outcome(EntryRef entry, int destination, int attempt)
    {
        var states = States(destination, attempt + 1);
        var changes = states.Select(static (state, recipient) => (state, recipient)).Where(pair => pair.state.Since == attempt).ToList();
        return changes.TrueForAll(static change => change.state.Status == RecipientStatus.Delivered)
            ? null
            : new(entry, attempt + 1, NextAttempt(attempt + 1),
                [.. changes.Select(change => new RecipientOutcome(change.recipient, change.state.Status, Detail(destination, change.recipient, change.state)))]);
    }

    /// <summary>When the next attempt is due after so many outcomes.</summary>
    public DateTimeOffset NextAttempt(int outcomes) => outcomes == 0 ? Arrived : Arrived.AddMinutes((7 * outcomes) + (Number % 60));

    /// <summary>What is kept of the reply.</summary>
    public OutcomeDetail? Detail(int destination, int recipient, (RecipientStatus Status, int Since) state) => state.Since < 0 || state.Status == RecipientStatus.Delivered
        ? null
        : new(new Reply(state.Status == RecipientStatus.Open ? 450 : 550, default, string.Create(CultureInfo.InvariantCulture, $"{Number} {destination} {recipient} in attempt {state.Since}")),
            "mx.test", Arrived.AddSeconds(state.Since), Expired: false);

    /// <summary>Whether a report is owed for a recipient that stands so.</summary>
    public static bool IsOwed(RecipientStatus status) => status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed;

    private RecipientStatus Fate(int destination, int recipient, int attempt)
    {
        var chance = Chance(7, destination, recipient, attempt);
        if (IsReport || Destinations is [1])
        {
            return attempt < Attempts - 1 ? RecipientStatus.Open
                : chance < 80 || IsReport ? RecipientStatus.Delivered
                : chance < 92 ? RecipientStatus.FailedReportOwed
                : chance < 96 ? RecipientStatus.FailedUnreported : RecipientStatus.Removed;
        }
        return attempt >= Attempts - 1 || chance < 45 ? RecipientStatus.Delivered
            : chance < 75 ? RecipientStatus.Open
            : chance < 85 ? RecipientStatus.FailedReportOwed
            : chance < 90 ? RecipientStatus.RelayedReportOwed
            : chance < 95 ? RecipientStatus.FailedUnreported : RecipientStatus.Removed;
    }

    private int Chance(params ReadOnlySpan<int> purpose) => (int)(Hash(purpose) % 100);

    private int Below(int limit, params ReadOnlySpan<int> purpose) => (int)(Hash(purpose) % (ulong)limit);

    private ulong Hash(ReadOnlySpan<int> purpose)
    {
        var hash = Mix((ulong)Number);
        foreach (var part in purpose)
        {
            hash = Mix(hash + (ulong)part + 1);
        }
        return hash;
    }

    // SplitMix64.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
