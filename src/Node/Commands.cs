using System.CommandLine;
using MailCluster.Node.Administration;
using MailCluster.Node.Configuration;
using MailCluster.Node.Hosting;
using MailCluster.Node.Inspection;
using MailCluster.Node.Sink;

namespace MailCluster.Node;

/// <summary>What the program can be told to do.</summary>
internal static class Commands
{
    /// <summary>Without a word more it runs the relay.</summary>
    public static RootCommand Root()
    {
        var file = new Option<string?>("--config") { Description = $"The configuration file. Without it {ConfigurationFile.DefaultName} in the working directory, else the defaults.", HelpName = "FILE" };
        var check = new Option<bool>("--check") { Description = "Only check the configuration, and print every value in force with its origin." };
        var root = new RootCommand("A durable SMTP relay: takes mail, keeps it, delivers it, reports failures.") { file, check, SinkCommand.Create(), SpoolCommand.Create(), HandoverCommand.Create() };
        foreach (var command in SuspensionCommands.Create()) root.Add(command);
        root.SetAction((parsed, cancellation) => parsed.GetValue(check) ? Task.FromResult(Check(parsed.GetValue(file), Console.Out, Console.Error)) : Relay.RunAsync(parsed.GetValue(file)));
        return root;
    }

    /// <summary>Checks, prints, and returns the exit code.</summary>
    public static int Check(string? file, TextWriter output, TextWriter errors)
    {
        var result = ConfigurationFile.Read(file);
        if (result.Options is null)
        {
            Explain(result, errors);
            return 1;
        }

        foreach (var value in result.Effective) output.WriteLine(value);
        return 0;
    }

    /// <summary>Says what is wrong, a mistake a line.</summary>
    public static void Explain(ConfigurationResult result, TextWriter errors)
    {
        foreach (var error in result.Errors) errors.WriteLine(error);
        errors.WriteLine(result.Errors.Length == 1 ? "mailcluster: not started: 1 mistake in the configuration" : $"mailcluster: not started: {result.Errors.Length} mistakes in the configuration");
    }
}
