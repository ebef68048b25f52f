using Microsoft.Extensions.Logging.Console;

namespace OrleansLM.Hosting.Nodes;

/// <summary>Logs go to standard error; standard output belongs to what the program says.</summary>
public static class NodeLogging
{
    public static void Configure(ILoggingBuilder logging, bool isJson, LogLevel level)
    {
        logging.ClearProviders();
        if (isJson)
        {
            logging.AddJsonConsole(options => options.UseUtcTimestamp = true);
        }
        else
        {
            logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });
        }

        logging.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft.AspNetCore", level > LogLevel.Warning ? level : LogLevel.Warning);

        // A failed start is told in one line by the program; the host would print its stack as well.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }
}
