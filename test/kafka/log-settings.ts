/** What a broker logs, by file: warnings only. Kafka 4 reads the first (log4j 2), Kafka 3.9 the second (reload4j). */
export const logSettings: Readonly<Record<string, string>> = {
  'log4j2.properties': `status = error
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = stdout
`,
  'log4j.properties': `log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
`,
};
