using MailCluster.Actors.Rules;

namespace MailCluster.Actors.Tests.Rules;

public sealed class RuleFileTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly RuleSet Rules = RuleSet.Empty.Merge(
    [
        new(new("suspension", "a.example"), new(17, "n:1#-2"), IsRemoved: false, "", Now.AddHours(1), "alice", "complaints; \"all\" of them", Now),
        new(new("a kind to come", "b.example"), new(18, "n:1#-2"), IsRemoved: true, "value", null, "bob", "", Now),
    ]);

    private readonly string _folder = Directory.CreateTempSubdirectory("rules").FullName;

    private string File1 => Path.Combine(_folder, "rules");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_saved_is_found_again()
    {
        RuleFile.Open(File1, Now).Save(Rules, Now);
        var found = RuleFile.Open(File1, Now);
        Assert.Equal(Rules.Rules.OrderBy(rule => rule.Key), found.Rules.Rules.OrderBy(rule => rule.Key));
        Assert.Equal((Now, null), (found.SavedAt, found.Damage));
        Assert.Equal([File1], Directory.GetFiles(_folder));
    }

    [Fact]
    public void An_actor_that_is_restarted_begins_with_what_was_saved_last()
    {
        var file = RuleFile.Open(File1, Now);
        file.Save(Rules, Now);
        Assert.Equal((Rules, Now), (file.Rules, file.SavedAt));
    }

    [Fact]
    public void Without_a_file_there_are_no_rules_and_no_damage()
    {
        var found = RuleFile.Open(File1, Now);
        Assert.Equal((0, null, null), (found.Rules.Count, found.SavedAt, found.Damage));
    }

    [Fact]
    public void A_file_that_is_cut_or_garbled_anywhere_is_moved_aside_and_said()
    {
        RuleFile.Open(File1, Now).Save(Rules, Now);
        var whole = File.ReadAllBytes(File1);
        var random = new Random(1);
        for (var at = 0; at < whole.Length; at += 3)
        {
            var broken = random.Next(2) == 0 ? whole[..at] : (byte[])whole.Clone();
            if (broken.Length == whole.Length)
            {
                broken[at] ^= (byte)random.Next(1, 256);
            }
            File.WriteAllBytes(File1, broken);
            var found = RuleFile.Open(File1, Now);
            Assert.Equal(0, found.Rules.Count);
            Assert.Contains(".damaged-20261125T120000", found.Damage, StringComparison.Ordinal);
            Assert.False(File.Exists(File1));
            Assert.Equal(broken, File.ReadAllBytes(File1 + ".damaged-20261125T120000"));
        }
    }

    [Fact]
    public void A_crash_before_the_renaming_leaves_the_former_rules()
    {
        RuleFile.Open(File1, Now).Save(Rules, Now);
        File.WriteAllText(File1 + ".new", "half a fi");
        Assert.Equal(2, RuleFile.Open(File1, Now).Rules.Count);
        RuleFile.Open(File1, Now).Save(RuleSet.Empty, Now);
        Assert.Equal(0, RuleFile.Open(File1, Now).Rules.Count);
    }
}
