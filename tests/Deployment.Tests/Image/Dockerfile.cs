using System.Text.Json;
using MailCluster.Support;

namespace MailCluster.Deployment.Tests.Image;

/// <summary>deploy/k8s/Dockerfile, read as far as it goes: instructions by stage.</summary>
internal sealed class Dockerfile
{
    public const string Path = "deploy/k8s/Dockerfile";

    private Dockerfile(IReadOnlyList<IReadOnlyList<(string Instruction, string Words)>> stages) => Stages = stages;

    /// <summary>Each begins with its FROM.</summary>
    public IReadOnlyList<IReadOnlyList<(string Instruction, string Words)>> Stages { get; }

    /// <summary>The stage that becomes the image.</summary>
    public IReadOnlyList<(string Instruction, string Words)> Final => Stages[^1];

    /// <summary>The entry point's words.</summary>
    public string[] EntryPoint => JsonSerializer.Deserialize<string[]>(One("ENTRYPOINT"))!;

    /// <summary>The image's environment.</summary>
    public IEnumerable<KeyValuePair<string, string>> Environment => Final.Where(line => line.Instruction == "ENV").SelectMany(line => line.Words.Split(' ')).Select(pair => pair.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], pair[1]));

    public static Dockerfile Read()
    {
        var stages = new List<List<(string, string)>>();
        foreach (var line in File.ReadLines(SourceTree.Find(Path)).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var words = line.Split(' ', 2);
            if (words[0] == "FROM") stages.Add([]);
            stages[^1].Add((words[0], words[1].Trim()));
        }

        return new([.. stages]);
    }

    /// <summary>What follows an instruction that the image has once.</summary>
    public string One(string instruction) => Final.Single(line => line.Instruction == instruction).Words;
}
