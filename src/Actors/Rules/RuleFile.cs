using Google.Protobuf;
using MailCluster.Actors.Disk;
using MailCluster.Actors.Wire;
using Proto = MailCluster.Actors.Wire.Proto;

namespace MailCluster.Actors.Rules;

/// <summary>The rules on a node's disk, <c>data/rules</c>.</summary>
internal sealed class RuleFile(string path)
{
    private readonly CheckedFile _file = new(path, "rules", version: 1);

    /// <summary>What it holds: an actor that is restarted begins with this.</summary>
    public RuleSet Rules { get; private set; } = RuleSet.Empty;

    /// <summary>When that was written; null where there is nothing.</summary>
    public DateTimeOffset? SavedAt { get; private set; }

    /// <summary>What was wrong with it, and where it is now; null where nothing was.</summary>
    public string? Damage { get; private init; }

    /// <summary>Reads it. One that is damaged is moved aside: the node begins without rules, and the other nodes tell it theirs.</summary>
    /// <exception cref="IOException">It cannot be read or moved: better not to start than to send what an operator has suspended.</exception>
    public static RuleFile Open(string path, DateTimeOffset now)
    {
        var file = new CheckedFile(path, "rules", version: 1);
        try
        {
            if (file.Read() is not { } content)
            {
                return new(path);
            }

            var read = Proto.RuleFile.Parser.ParseFrom(content);
            return new(path) { Rules = RuleSet.Empty.Merge(read.Rules.Select(RulesWire.Read)), SavedAt = RulesWire.ReadTime(read.SavedUs) };
        }
        catch (Exception broken) when (broken is InvalidDataException or InvalidProtocolBufferException or System.Runtime.Serialization.SerializationException)
        {
            return new(path) { Damage = $"{path}: {broken.Message}; moved to {file.MoveAside(now)}" };
        }
    }

    /// <summary>Writes the rules. When this returns they are on stable storage.</summary>
    /// <exception cref="IOException">They are not; the former ones are still there.</exception>
    public void Save(RuleSet rules, DateTimeOffset now)
    {
        var written = new Proto.RuleFile { SavedUs = RulesWire.Write(now) };
        written.Rules.Add(rules.Rules.OrderBy(rule => rule.Key).Select(RulesWire.Write));
        _file.Write(written.ToByteArray());
        (Rules, SavedAt) = (rules, now);
    }
}
