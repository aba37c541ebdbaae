// The pages in a real browser, Debian's Chromium: log-in and consent with and without JavaScript, with the keyboard alone, on a narrow
// screen and in the dark, and what the pages are for those who cannot see them. Settings come as JSON on stdin: url (authorization
// request), logout, redirect, email, password, codes of the second factor, folder for the screenshots. Prints what was seen.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const settings = JSON.parse(readFileSync(0, "utf8"));
const browser = await chromium.launch({ executablePath: settings.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const other = new URL(settings.redirect); // the application, a site of its own on the loopback interface
const frame = `<iframe src="${settings.url.replaceAll("&", "&amp;")}"></iframe>`
    + `<form id="f" method="post" action="${new URL(settings.url).origin}/oauth/login"><input name="transaction" value="x">`
    + `<input name="email" value="a@example.com"><input name="password" value="x"></form>`;
const application = createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(request.url === "/frame" ? frame : "<!DOCTYPE html><title>Application</title>back at the application");
});
await new Promise((done) => application.listen(Number(other.port), other.hostname, done));
const seen = { faults: [], pages: {} };
let shot = 0;

async function open(options) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && !/favicon|status of 40/i.test(message.text())
                                    && seen.faults.push(message.text()));
    page.on("pageerror", (error) => seen.faults.push(String(error)));
    return { context, page };
}

const enter = (page) => Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
const picture = (page, name) => page.screenshot({ path: `${settings.folder}/${String(++shot).padStart(2, "0")}-${name}.png`, fullPage: true });

// What every page has to be for everybody (WCAG 2.2 A and AA, as far as a program can tell).
async function inspect(page, name) {
    seen.pages[name] = await page.evaluate(() => {
        const wrong = [];
        const rgb = (text) => text.match(/[\d.]+/g).slice(0, 3).map(Number);
        const light = (color) => {
            const [r, g, b] = rgb(color).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (element) => {
            for (let at = element; at; at = at.parentElement) {
                const color = getComputedStyle(at).backgroundColor;
                if (color !== "rgba(0, 0, 0, 0)") return color;
            }
            return "rgb(255, 255, 255)";
        };
        for (const input of document.querySelectorAll("input:not([type=hidden])")) {
            if (!input.labels.length || !input.labels[0].textContent.trim()) wrong.push(`${input.name} has no label`);
            if (!input.autocomplete) wrong.push(`${input.name} has no autocomplete`);
            const described = input.getAttribute("aria-describedby");
            if (described && !document.getElementById(described)) wrong.push(`${input.name} is described by nothing`);
        }
        for (const element of document.querySelectorAll("h1, p, li, label, button")) {
            const style = getComputedStyle(element);
            const [a, b] = [light(style.color), light(behind(element))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) wrong.push(`contrast of ${element.tagName} ${element.textContent.slice(0, 30)}`);
        }
        for (const element of document.querySelectorAll("button, input:not([type=hidden])")) {
            const box = element.getBoundingClientRect();
            if (box.height < 24 || box.width < 24) wrong.push(`${element.tagName} is a small target`);
        }
        const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
        if (new Set(ids).size !== ids.length) wrong.push("an id twice");
        if (document.documentElement.lang !== "en") wrong.push("no lang");
        if (!document.title) wrong.push("no title");
        if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
        if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
        if (document.documentElement.scrollWidth > innerWidth) wrong.push(`${document.documentElement.scrollWidth} wide in ${innerWidth}`);
        if (getComputedStyle(document.querySelector("main")).maxWidth === "none") wrong.push("the style sheet was refused");
        return wrong;
    });
}

async function fill(page, password) {
    await page.getByLabel("E-mail address").fill(settings.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
}

async function second_factor(page) {
    await page.getByLabel("Code").fill("000000");
    await page.getByRole("button", { name: "Log in" }).click();
    await picture(page, "second-factor-wrong");
    seen.codeAlert = await page.getByRole("alert").textContent();
    await page.getByLabel("Code").fill(settings.codes.shift());
    await page.getByRole("button", { name: "Log in" }).click();
}

// Without JavaScript, all the way, then out.
{
    const { context, page } = await open({ javaScriptEnabled: false });
    await page.goto(settings.url);
    await picture(page, "log-in");
    await fill(page, "not the password");
    await picture(page, "log-in-wrong");
    seen.alert = await page.getByRole("alert").textContent();
    seen.keptEmail = await page.getByLabel("E-mail address").inputValue();
    await fill(page, settings.password);
    await second_factor(page);
    await picture(page, "consent");
    seen.asked = await page.getByRole("listitem").allTextContents();
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await page.waitForURL(`${settings.redirect}?**`);
    seen.back = page.url();
    await page.goto(settings.url); // known and allowed: no page at all
    seen.again = page.url();
    await page.goto(settings.logout);
    await picture(page, "log-out");
    await page.getByRole("button", { name: "Log out" }).click();
    seen.loggedOut = await page.getByRole("heading").textContent();
    await picture(page, "logged-out");
    await context.close();
}

// By the keyboard alone, with JavaScript, on a narrow screen, in the dark; and the pages looked at more closely.
for (const [name, options] of Object.entries({
    narrow: { viewport: { width: 320, height: 640 } }, wide: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" } })) {
    const { context, page } = await open(options);
    await page.goto(settings.url);
    await inspect(page, `${name} log-in`);
    await page.keyboard.type(settings.email); // the first field has the focus
    await page.keyboard.press("Tab");
    await page.keyboard.type("not the password");
    await enter(page);
    await inspect(page, `${name} log-in-wrong`);
    await picture(page, `${name}-log-in-wrong`);
    await page.keyboard.type(settings.password); // the address is kept, so the focus is on the password
    await enter(page);
    await inspect(page, `${name} second-factor`);
    await picture(page, `${name}-second-factor`);
    await page.keyboard.type(settings.codes.shift());
    await enter(page);
    await page.goto(`${settings.url}&prompt=consent`);
    await inspect(page, `${name} consent`);
    await picture(page, `${name}-consent`);
    await page.keyboard.press("Tab");
    seen[`${name} focus`] = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    await page.keyboard.press("Enter"); // the first button: Allow
    await page.waitForURL(`${settings.redirect}?**`);
    seen[`${name} back`] = page.url();
    await page.goto(settings.logout);
    await inspect(page, `${name} log-out`);
    await page.goto(settings.bad);
    await inspect(page, `${name} error`);
    await picture(page, `${name}-error`);
    await context.close();
}

// A page of another site cannot frame the log-in page, nor send its form.
{
    const { context, page } = await open({});
    await page.goto(`${other.origin}/frame`);
    await page.waitForLoadState("networkidle");
    seen.framed = await page.frames()[1].evaluate(() => document.querySelector("form") !== null).catch(() => false);
    const [answer] = await Promise.all([page.waitForNavigation(), page.evaluate(() => document.getElementById("f").submit())]);
    seen.foreignForm = answer.status();
    await context.close();
}

await browser.close();
application.close();
seen.faults = seen.faults.filter((fault) => !/frame-ancestors|Refused to frame|Framing/.test(fault));
console.log(JSON.stringify(seen));
