using System.CommandLine;
using MailCluster.Spool;

namespace MailCluster.Node.Inspection;

/// <summary><c>spool check</c> and <c>spool list</c>: what is in a spool that no node has open, and whether it is sound. Neither writes anything.</summary>
internal static class SpoolCommand
{
    /// <summary>Both, under one word.</summary>
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The node's data directory, or the spool in it.", HelpName = "DIR", Required = true };
        var check = new Command("check", "Read every record and every file; exit code 1 on any damage.") { data };
        check.SetAction(parsed => Run(parsed.GetRequiredValue(data), Check));
        var list = new Command("list", "A line for each message and destination that waits.") { data };
        list.SetAction(parsed => Run(parsed.GetRequiredValue(data), List));
        return new("spool", "Look into a spool while no node uses it.") { check, list };
    }

    private static int Run(string directory, Func<SpoolInspector, int> show)
    {
        var inner = Path.Combine(directory, "spool");
        SpoolInspector inspector;
        try
        {
            inspector = SpoolInspector.Inspect(Directory.Exists(inner) ? inner : directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Console.Error.WriteLine($"mailcluster: {e.Message}");
            return 2;
        }

        return show(inspector);
    }

    private static int Check(SpoolInspector inspector)
    {
        foreach (var damage in inspector.Damage) Console.WriteLine(damage.Id.IsPresent ? $"{damage.Where}: message {damage.Id}: {damage.What}" : $"{damage.Where}: {damage.What}");
        Console.WriteLine(inspector);
        return inspector.Damage.Count == 0 ? 0 : 1;
    }

    private static int List(SpoolInspector inspector)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput(), bufferSize: 64 << 10);
        foreach (var line in SpoolListing.Lines(inspector.Messages, DateTimeOffset.UtcNow)) output.WriteLine(line);
        if (inspector.Damage.Count > 0) Console.Error.WriteLine($"mailcluster: {inspector.Damage.Count} damaged; see spool check");
        return 0;
    }
}
