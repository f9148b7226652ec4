using System.Collections;

namespace MailCluster.Node.Configuration;

/// <summary>Finds the file, and reads it with the environment of this process.</summary>
public static class ConfigurationFile
{
    /// <summary>The file that is read where none is named: in the working directory.</summary>
    public const string DefaultName = "cluster.hocon";

    /// <summary>Reads what <paramref name="named"/> says; without it <see cref="DefaultName"/> where there is one, else the defaults.</summary>
    public static ConfigurationResult Read(string? named)
    {
        var facts = HostFacts.OfThisProcess();
        var file = named ?? (File.Exists(DefaultName) ? DefaultName : null);
        string text;
        try
        {
            text = file is null ? "" : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : $"cannot be read: {e.Message}";
            return new(null, Akka.Configuration.Config.Empty, [], [], [new(new Origin.File(file!, 0), null, reason)]);
        }

        return ConfigurationReader.Read(text, file, Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(v => KeyValuePair.Create((string)v.Key, (string?)v.Value ?? "")), facts);
    }
}
