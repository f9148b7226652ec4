namespace MailCluster.Support;

/// <summary>One line of a transcript.</summary>
public abstract record TranscriptStep(int Line)
{
    /// <summary>The client sends these octets.</summary>
    public sealed record Send(int Line, byte[] Octets) : TranscriptStep(Line);

    /// <summary>The server sends a line that reads so; <c>*</c> stands for anything.</summary>
    public sealed record Expect(int Line, string Pattern) : TranscriptStep(Line);

    /// <summary>The server closes, having said nothing more.</summary>
    public sealed record ServerCloses(int Line) : TranscriptStep(Line);

    /// <summary>The client closes.</summary>
    public sealed record ClientCloses(int Line) : TranscriptStep(Line);
}
