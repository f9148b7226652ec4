namespace MailCluster.Actors.Sessions;

/// <summary>What a session's actor is asked about.</summary>
public enum SessionSubject : byte
{
    /// <summary>MAIL: is new mail taken?</summary>
    Mail,
    /// <summary>The end of data: may the message be committed?</summary>
    EndOfData,
}
